"""Capture demo rows of a database into a snapshot file."""
