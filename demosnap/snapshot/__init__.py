"""Snapshot files: pure text, no database, no Alembic, no command line."""
