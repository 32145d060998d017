"""Snapshot files: pure text functions, without database, Alembic and command line."""
