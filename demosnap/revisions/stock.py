"""The `-x demosnap.…` arguments of the stock `alembic` command, and the plan as it prints it."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from demosnap.errors import UnknownNameError, UsageError
from demosnap.model import Version
from demosnap.options import GONE, MoveOptions, declared, levels
from demosnap.results import MovePlan
from demosnap.visible import paragraph

NAMESPACE = "demosnap.namespace"
"""The argument that names the default namespace."""

_SWITCHES = ("", "0", "1")


def options(given: Mapping[str, str]) -> tuple[MoveOptions, tuple[str, ...]]:
    """Parse the `-x` arguments into options and patterns of allowed targets.

    Raises:
        UnknownNameError: the option does not exist.
        UsageError: the option does not accept the value.
    """
    found: dict[str, Any] = {}
    known = [one.name for one in fields(MoveOptions)]
    allowed: tuple[str, ...] = ()
    for argument, value in given.items():
        prefix, _, option = argument.partition(".")
        if prefix != "demosnap" or argument == NAMESPACE:
            continue
        if option == "allow_target":
            allowed = (value,)
            continue
        if option not in known:
            names = [NAMESPACE, *(f"demosnap.{one}" for one in known)]
            raise UnknownNameError("option", f"demosnap.{option}", names, GONE.get(option))
        if option == "verify" and value in _SWITCHES:
            # Values of a stamp, which correspond to --no-verify.
            option = "verify_stamp"
        found[option] = _value(option, argument, value)
    return MoveOptions(**found), allowed


def _value(option: str, argument: str, value: str) -> Any:
    known = declared(option)
    if known.choices:
        if value not in known.choices:
            raise UsageError(
                f"-x {argument}={value}: it is not a level of verification",
                f"{levels(value)} A stamp takes 0: the rows are not compared.",
            )
        return value
    if option == "lock_timeout":
        return _seconds(argument, value)
    if known.metavar:
        return tuple(filter(None, next(csv.reader([value]), ())))
    if value not in _SWITCHES:
        raise UsageError(f"-x {argument}={value}: the value is 1 or 0")
    return value != "0"


def _seconds(name: str, value: str) -> float:
    try:
        return float(value)
    except ValueError:
        raise UsageError(f"-x {name}={value}: the value is a number of seconds") from None


def describe(plan: MovePlan) -> str:
    """Render a plan in the form that the stock command prints."""
    lines = [f"Database: {plan.target.url} (from {plan.target.source})"]
    for move in plan.moves:
        how = ", by difference" if move.by_difference else ", purge and load" if move.reason else ""
        why = f" ({move.reason})" if move.reason else ""
        lines.append(f"{move.scenario}: {name(move.current)} -> {name(move.target)}{how}{why}")
        removed, added = ("remove", "add") if move.by_difference else ("purge", "load")
        for verb, rows in (
            (removed, move.purge),
            ("purge (non-demo rows)", move.also),
            ("set NULL (non-demo rows)", move.nulled),
            (added, move.load),
            ("modify", move.change),
            ("keep, since other rows need them", move.kept),
            ("no longer picked", move.unpicked),
            ("released, left alone", move.released),
        ):
            if any(rows.values()):
                counted = ", ".join(f"{table} {count}" for table, count in rows.items() if count)
                lines.append(f"  {verb}: {counted}")
    return paragraph("\n".join([*lines, *plan.notes, *filter(None, [plan.way_back])]))


def name(version: Version | None) -> str:
    """Return the name of a version, or `base`."""
    return version.version if version else "base"
