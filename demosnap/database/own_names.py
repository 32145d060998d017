"""The names of demosnap's own tables, for the application's Alembic too: nothing is imported."""

VERSION_TABLE = "demosnap_version"
LOG_TABLE = "demosnap_log"
KEPT_TABLE = "demosnap_kept"
OWN_TABLES = frozenset({VERSION_TABLE, LOG_TABLE, KEPT_TABLE})
