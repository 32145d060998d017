"""Refusals because of rows that an edit has moved out of the selection."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence

from demosnap.model import Version
from demosnap.refusal import Refusal


def hangs_on_unpicked(rows: Iterable[str], release: str) -> Refusal:
    """Return that released rows are no longer picked only since others are not."""
    return Refusal(
        "no longer picked",
        f"{', '.join(rows)}: no longer picked only because a row that it hangs on is not, and that"
        " row is brought back",
        (release,),
    )


def no_rule_picks(rows: Iterable[str], target: Version, release: str) -> Refusal:
    """Return that rows are no longer picked, though they are as the version has them."""
    return Refusal(
        "no longer picked",
        f"{', '.join(rows)}: equal to {target.version}, but no rule picks it: the rows that its"
        " rule reads have changed",
        (f"change those rows back; {release}",),
    )


def picked_by_another(rows: Iterable[str], scenario: str, other: str, release: str) -> Refusal:
    """Return that rows are no longer picked by their scenario, but by another one."""
    return Refusal(
        "no longer picked",
        f"{', '.join(rows)}: no longer picked by {scenario}, but by scenario {other}",
        (f"change it back, or {release}",),
    )


def not_released(row: str, scenario: str) -> Refusal:
    """Return that a row cannot be released, since it is picked or does not exist."""
    return Refusal(
        "cannot release",
        f"--release {row}: the row is still picked, or does not exist, so it cannot be released",
        (f"`demosnap status {scenario}` shows which rows are no longer picked",),
    )


def nothing_to_release(target: Version, release: Sequence[str]) -> Refusal:
    """Return that no row moves, so that none is released."""
    options = " ".join(f"--release {shlex.quote(one)}" for one in release)
    return Refusal(
        "cannot release",
        f"{target.scenario} is at {target.version} already, so no row moves and no row is released",
        (f"`demosnap reset {target.scenario} {options}` releases it",),
    )
