"""Whose rows these are, and how they differ."""
