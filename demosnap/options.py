"""What a caller may ask for beside the target of a move: declared once, for Python, for the command
line and for `-x demosnap.…` of the stock alembic command."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any, Literal, TypedDict, get_args

from demosnap.errors import UsageError

if TYPE_CHECKING:
    pass

_DAY = 86_400

Verify = Literal["full", "sample", "counts"]
"""How a load is verified."""

VERIFY: tuple[Verify, ...] = get_args(Verify)
"""The same, the strictest first."""

Verb = Literal["upgrade", "downgrade", "load", "reset", "stamp"]
"""What moves a scenario, or only its stamp."""


@dataclass(frozen=True, slots=True)
class Declared:
    """How the command line has an option.

    `flag` is its name there, `help` what --help says of it, with `instead` for some verbs.
    `metavar` stands for its value, `choices` are those that there are; neither: it is on or off,
    and `off` if the flag turns it off.
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
    """What a caller may ask for beside the target of a move.

    `discard`: demo rows that are in no revision may go. `only`: every other loaded scenario is
    taken out too. `full`: purge and load, also where few rows differ. `rebuild_indexes`: indexes
    that keep nothing unique are dropped before a load and made again after it; until the end
    nobody else can use the tables. `cascade`: tables whose unmarked rows may go, or lose their
    reference, with the demo rows that they reference. `keep_referenced`: demo rows that unmarked
    rows reference stay where they would go. `release`: rows, as TABLE/KEY, that are no longer
    picked and are real rows from now on. `verify`: what is compared after a load beside counts
    and foreign keys: every row's content, that of a sample, or nothing. `verify_stamp`: whether a
    stamp compares the rows first. `dry_run`: plan, act not. `lock_timeout`: how long to wait for
    somebody else's lock, in seconds; None: as long as the project says. `non_transactional`: also
    tables may be changed on which nothing can be rolled back. `rehearse`: before rows go whose way
    back nobody has tried, it is tried.

    Raises:
        UsageError: a value is not what the option takes, or two do not go together.
    """

    discard: bool = _option(
        False,
        "--discard",
        "Demo rows that are in no revision may be thrown away.",
        instead={
            "reset": "Also throw away demo rows of tables that the loaded version does not have, "
            "and what changed in rows that are no longer picked."
        },
    )
    only: bool = _option(
        False, "--only", "Take every other loaded scenario out, in the same transaction."
    )
    full: bool = _option(
        False, "--full", "Purge and load, also where only some of the rows differ."
    )
    rebuild_indexes: bool = _option(
        False,
        "--rebuild-indexes",
        "Drop the indexes that keep nothing unique before a load, and make them again after it: "
        "quicker for many rows, and until the end nobody else can use the tables.",
    )
    cascade: tuple[str, ...] = _option(
        (),
        "--cascade",
        "Rows of TABLE that are no demo data and reference demo rows may go with them, or be set "
        "NULL where the constraint says so; can be repeated.",
        metavar="TABLE",
    )
    keep_referenced: bool = _option(
        False,
        "--keep-referenced",
        "Demo rows that would go stay where other rows reference them, and what they need "
        "themselves stays too.",
    )
    release: tuple[str, ...] = _option(
        (),
        "--release",
        "This row, which the selection no longer picks, is a real row from now on: loads leave it "
        "alone; can be repeated.",
        metavar="TABLE/KEY",
    )
    verify: Verify = _option(  # noqa: RUF009  it makes a field
        "full",
        "--verify",
        "What is compared after the load, beside counts and foreign keys: every row, about 1,000 "
        "rows a table, or none.  [default: full]",
        choices=VERIFY,
    )
    verify_stamp: bool = _option(True, "--no-verify", "Do not compare the rows first.", off=True)
    dry_run: bool = _option(False, "--dry-run", "Show the plan and change nothing.")
    lock_timeout: float | None = _option(
        None,
        "--lock-timeout",
        "Wait so long for another demosnap, or for locked rows.  [default: 30]",
        metavar="SECONDS",
    )
    non_transactional: bool = _option(
        False,
        "--non-transactional",
        "Change also tables whose storage engine cannot roll back (MyISAM).",
    )
    rehearse: bool = _option(
        True,
        "--no-rehearse",
        "Do not try first whether rows that nobody has loaded yet can come back.",
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
            raise UsageError(
                f"{self.verify!r} is no way to verify a load", f"One of {', '.join(VERIFY)}."
            )
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
    rebuild_indexes: bool
    cascade: Iterable[str]
    keep_referenced: bool
    release: Iterable[str]
    verify: Verify
    dry_run: bool
    lock_timeout: float | None
    non_transactional: bool
    rehearse: bool


_MOVE = ("non_transactional", "rehearse", "cascade", "keep_referenced", "release", "verify")

TAKEN: Mapping[Verb, tuple[str, ...]] = {
    "upgrade": ("discard", "only", "full", "rebuild_indexes", *_MOVE, "dry_run", "lock_timeout"),
    "downgrade": ("discard", "full", "rebuild_indexes", *_MOVE, "dry_run", "lock_timeout"),
    "load": ("only", "discard", "rebuild_indexes", *_MOVE, "dry_run", "lock_timeout"),
    "reset": (
        *("discard", "non_transactional", "cascade", "keep_referenced", "release"),
        *("dry_run", "lock_timeout"),
    ),
    "stamp": ("verify_stamp", "lock_timeout"),
}
"""The options that each verb takes, in the order in which --help has them."""


def declared(name: str) -> Declared:
    """Return how the command line has an option."""
    found: Declared = MoveOptions.__dataclass_fields__[name].metadata["declared"]
    return found


def of_call(verb: Verb, options: MoveOptions | None, changes: Mapping[str, Any]) -> MoveOptions:
    """Return the options of a call: those that are given, and what is changed of them.

    Raises:
        UsageError: the verb does not take one of them, or a value is not what it takes.
    """
    known = {one.name: one.default for one in fields(MoveOptions)}
    if unknown := [name for name in changes if name not in known]:
        raise TypeError(f"{verb} has no option {unknown[0]!r}")
    found = replace(options or MoveOptions(), **changes)
    for name, default in known.items():
        if name not in TAKEN[verb] and getattr(found, name) != default:
            taken = ", ".join(sorted(TAKEN[verb]))
            raise UsageError(f"{verb} takes no option {name!r}", f"It takes {taken}.")
    return found


def check_lock_timeout(seconds: float) -> None:
    """Check how long a lock shall be waited for.

    Raises:
        UsageError: it is no number from 0 to the seconds of a day, which every server takes.
    """
    if not 0 <= seconds <= _DAY:
        raise UsageError(
            f"a lock timeout of {seconds:g} seconds cannot be",
            f"Give a number from 0 to {_DAY}; 0 does not wait at all.",
        )
