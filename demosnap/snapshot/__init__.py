"""Snapshot files: pure text, without database, Alembic and command line."""
