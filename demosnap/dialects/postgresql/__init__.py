"""PostgreSQL 12 or newer."""
