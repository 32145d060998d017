"""Alembic: the only room that imports it, beside config."""
