"""Sequence positions that no row implies: a capture records them, a load advances them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from demosnap.config import Settings
from demosnap.config.names import yaml_list
from demosnap.database.live import Database
from demosnap.errors import UnknownNameError
from demosnap.model import Table


def positions(database: Database, settings: Settings, tables: Sequence[Table]) -> Mapping[str, int]:
    """Return the positions of the sequences in `sequences:` and of those inside defaults, by name.

    Raises:
        ConfigError: demosnap.yaml names a sequence that the database lacks.
    """
    names = settings.sequences or ()
    try:
        return database.dialect.sequence_positions(database.connection, tables, names)
    except UnknownNameError as error:
        name = error.name
        raise settings.error(error.message, "sequences", name, hint=error.hint) from error


def notes(database: Database, settings: Settings) -> list[str]:
    """Propose the sequences that only the application uses, unless `sequences` is set."""
    if settings.sequences is not None:
        return []
    free = database.dialect.free_sequences(database.connection)
    if not free:
        return []
    several = len(free) > 1
    return [
        f"no column owns and no default uses the {'sequences' if several else 'sequence'}"
        f" {', '.join(free)}: a load leaves {'them' if several else 'it'} as it is\n"
        f"`sequences: {yaml_list(free)}` in demosnap.yaml advances what the application takes keys"
        " from; `sequences: []` ends this note"
    ]
