"""Names of demosnap's own tables. Import-free, since the application's Alembic reads them too."""

VERSION_TABLE = "demosnap_version"
LOG_TABLE = "demosnap_log"
KEPT_TABLE = "demosnap_kept"
OWN_TABLES = frozenset({VERSION_TABLE, LOG_TABLE, KEPT_TABLE})

LEFT = "left"
RELEASED = "released"
"""What stands in `demosnap_kept` in place of a digest for rows that are known by their keys."""
