"""The namespaces of a database that a project works in, besides the default one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import Connection

from demosnap import dialects
from demosnap.config.sections import fitting
from demosnap.errors import did_you_mean
from demosnap.model import Version, split_name

if TYPE_CHECKING:
    from demosnap.config import Settings


class Others(NamedTuple):
    """The namespaces besides the default one.

    In those of `searched`, the marker picks rows. The tables of `named` are known too, since
    demosnap.yaml or a version names some of them.
    """

    searched: frozenset[str]
    named: frozenset[str]


_NONE = Others(frozenset(), frozenset())


def local(connection: Connection, settings: Settings) -> Settings:
    """Return settings in which tables of the default namespace have no namespace in their names."""
    if not settings.qualified:
        return settings
    return settings.at(dialects.of(connection).default_namespace(connection))


def others(connection: Connection, settings: Settings, versions: Iterable[Version]) -> Others:
    """Return the namespaces to work in besides the default one.

    `versions` are all versions of the project: rows that one of them has are still looked for.

    Raises:
        ConfigError: demosnap.yaml names a namespace that the database lacks.
    """
    wanted = settings.namespaces
    recorded = _of(name for version in versions for name in version.selection.rules)
    ruled = _of((*settings.tables, *settings.root_in_file, *(settings.marker_tables or ())))
    keyed = (name for one in settings.foreign_keys for name in (one.table, one.key.table))
    named = ruled | recorded | _of((*settings.exclude, *settings.triggers.may_change, *keyed))
    if wanted == "current" and not named:
        return _NONE
    dialect = dialects.of(connection)
    known = set(dialect.known_namespaces(connection))
    if not known:
        return _NONE
    default = dialect.default_namespace(connection)
    searched = set(ruled)
    if wanted == "current":
        searched |= recorded
    elif wanted == "all":
        searched.update(dialect.namespaces(connection))
    else:
        searched |= _listed(settings, known)
    here = known - {default}
    return Others(frozenset(searched & here), frozenset((searched | named) & here))


def _of(names: Iterable[str]) -> set[str]:
    found = (split_name(name)[0] for name in names)
    return {namespace for namespace in found if namespace is not None}


def _listed(settings: Settings, known: Iterable[str]) -> set[str]:
    names = sorted(known)
    found: set[str] = set()
    for pattern in settings.namespaces:
        fits = fitting(pattern, names)
        if not fits and not any(character in pattern for character in "*?["):
            raise settings.error(
                f"namespaces: there is no namespace {pattern!r} in the database"
                + did_you_mean(pattern, names),
                "namespaces",
                pattern,
            )
        found.update(fits)
    return found
