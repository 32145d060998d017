"""The options of moves, declared once: for Python, for the command line and for `-x demosnap.…` of
the stock alembic command."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, Literal, TypedDict, get_args

from demosnap.errors import UsageError

_DAY = 86_400

Verify = Literal["full", "counts"]
"""How a load is verified."""

VERIFY: tuple[Verify, ...] = get_args(Verify)
"""The same, strictest first."""

Verb = Literal["upgrade", "downgrade", "load", "reset", "stamp"]
"""The verbs that move a scenario, or only its stamp."""


@dataclass(frozen=True, slots=True)
class Declared:
    """An option on the command line.

    `flag` is its name there, `help` its text in --help, with `instead` for some verbs. `metavar`
    stands for its value, `choices` lists the possible values; an option with neither is a switch,
    which its flag turns on, or with `off` turns off.
    """

    flag: str
    help: str
    instead: Mapping[str, str] = field(default_factory=dict)
    metavar: str | None = None
    choices: tuple[str, ...] = ()
    off: bool = False


def _option(default: Any, flag: str, help: str, **more: Any) -> Any:
    return field(default=default, metadata={"declared": Declared(flag, help, **more)})


@dataclass(frozen=True, slots=True)
class MoveOptions:
    """The options of a move.

    `discard`: demo rows that are in no revision may be lost. `only`: all other loaded scenarios
    are taken out too. `full`: purge and load, even if few rows differ. `cascade`: tables whose
    non-demo rows may go, or lose their reference, with the demo rows that they reference.
    `keep_referenced`: demo rows that other rows reference stay. `release`: rows, as TABLE/KEY,
    that are no longer picked and are real rows from now on. `verify`: what is compared after a
    load beside counts and foreign keys: every row's content, or nothing. `verify_stamp`: whether
    a stamp compares the rows first. `dry_run`: only plan. `lock_timeout`: how long to wait for
    the lock of another connection, in seconds; None: the project's setting. `rehearse`: rows that
    were never loaded are taken out and put back once, before they go for good.

    Raises:
        UsageError: a value is not what the option takes, or two do not go together.
    """

    discard: bool = _option(
        False,
        "--discard",
        "Allow the loss of demo rows that are in no revision.",
        instead={
            "reset": "Also remove demo rows of tables that the loaded version does not have, and "
            "undo changes of rows that are no longer picked."
        },
    )
    only: bool = _option(
        False, "--only", "Take all other loaded scenarios out, in the same transaction."
    )
    full: bool = _option(False, "--full", "Purge and load all rows, even if only a few differ.")
    cascade: tuple[str, ...] = _option(
        (),
        "--cascade",
        "Allow non-demo rows of TABLE to go with the demo rows that they reference, or to lose the "
        "reference where the constraint is ON DELETE SET NULL; can be repeated.",
        metavar="TABLE",
    )
    keep_referenced: bool = _option(
        False,
        "--keep-referenced",
        "Keep demo rows that other rows reference, and the rows that they reference themselves.",
    )
    release: tuple[str, ...] = _option(
        (),
        "--release",
        "Treat this row, which the selection no longer picks, as a real row from now on: loads "
        "leave it alone; can be repeated.",
        metavar="TABLE/KEY",
    )
    verify: Verify = _option(  # noqa: RUF009  it makes a field
        "full",
        "--verify",
        "What is compared after the load, beside counts and foreign keys: every row, or none.  "
        "[default: full]",
        choices=VERIFY,
    )
    verify_stamp: bool = _option(True, "--no-verify", "Do not compare the rows first.", off=True)
    dry_run: bool = _option(False, "--dry-run", "Show the plan and change nothing.")
    lock_timeout: float | None = _option(
        None,
        "--lock-timeout",
        "How long to wait for another demosnap or for locked rows.  [default: 30]",
        metavar="SECONDS",
    )
    rehearse: bool = _option(
        True,
        "--no-rehearse",
        "Skip the test load that proves that rows which were never loaded can be put back.",
        off=True,
    )

    def __post_init__(self) -> None:
        for name in ("cascade", "release"):
            if isinstance(value := getattr(self, name), str):
                raise UsageError(f"{name}={value!r} is one text", f"Give a list: [{value!r}].")
            object.__setattr__(self, name, tuple(value))
        if self.lock_timeout is not None:
            check_lock_timeout(self.lock_timeout)
        if self.verify not in VERIFY:
            raise UsageError(f"{self.verify!r} is not a level of verification", levels(self.verify))
        if self.full and self.keep_referenced:
            raise UsageError(
                "--full does not go with --keep-referenced",
                "A row that stays is changed in place, not purged and loaded.",
            )


class MoveChanges(TypedDict, total=False):
    """The options of a move as keywords of a call, for those who check types."""

    discard: bool
    only: bool
    full: bool
    cascade: Iterable[str]
    keep_referenced: bool
    release: Iterable[str]
    verify: Verify
    dry_run: bool
    lock_timeout: float | None
    rehearse: bool


_MOVE = ("rehearse", "cascade", "keep_referenced", "release", "verify")

TAKEN: Mapping[Verb, tuple[str, ...]] = {
    "upgrade": ("discard", "only", "full", *_MOVE, "dry_run", "lock_timeout"),
    "downgrade": ("discard", "full", *_MOVE, "dry_run", "lock_timeout"),
    "load": ("only", "discard", *_MOVE, "dry_run", "lock_timeout"),
    "reset": ("discard", "cascade", "keep_referenced", "release", "dry_run", "lock_timeout"),
    "stamp": ("verify_stamp", "lock_timeout"),
}
"""The options of each verb, in the order of --help."""

_ONE_BY_ONE = "A capture reads one table after the other: leave the option out."

GONE: Mapping[str, str] = {
    "jobs": _ONE_BY_ONE,
    "j": _ONE_BY_ONE,
    "rebuild_indexes": "Indexes stay where they are while rows are loaded: leave the option out.",
    "sample": "A load compares every row, or none.",
    "non_transactional": "A table without transactions is refused, with the SQL that mends it.",
}
"""Former options, and the hint for users who still give them."""


def declared(name: str) -> Declared:
    """Return an option as the command line declares it."""
    found: Declared = MoveOptions.__dataclass_fields__[name].metadata["declared"]
    return found


def levels(given: str) -> str:
    """Return what to say to who gives a level of verification that there is not."""
    known = f"One of {', '.join(VERIFY)}."
    return f"It is gone: {GONE[given]} {known}" if given in GONE else known


def of_call(verb: Verb, options: MoveOptions | None, changes: Mapping[str, Any]) -> MoveOptions:
    """Return the options of a call: the given ones with the given changes.

    Raises:
        UsageError: the verb does not take one of them any more, or at all, or a value is not what
            it takes.
        TypeError: there never was such an option.
    """
    known = {one.name: one.default for one in fields(MoveOptions)}
    if unknown := [name for name in changes if name not in known]:
        if gone := GONE.get(unknown[0]):
            raise UsageError(f"{verb} has no option {unknown[0]!r} any more", gone)
        raise TypeError(f"{verb} has no option {unknown[0]!r}")
    found = replace(options or MoveOptions(), **changes)
    for name, default in known.items():
        if name not in TAKEN[verb] and getattr(found, name) != default:
            taken = ", ".join(sorted(TAKEN[verb]))
            raise UsageError(f"{verb} takes no option {name!r}", f"It takes {taken}.")
    return found


def check_lock_timeout(seconds: float) -> None:
    """Check a lock timeout.

    Raises:
        UsageError: it is not between 0 and the seconds of a day, which every server takes.
    """
    if not 0 <= seconds <= _DAY:
        raise UsageError(
            f"a lock timeout of {seconds:g} seconds is out of range",
            f"Give a number from 0 to {_DAY}; 0 does not wait.",
        )
