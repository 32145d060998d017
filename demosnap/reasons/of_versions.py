"""Refusals because of versions: stamps, plans, ways back and captures."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from demosnap.model import Version
from demosnap.refusal import Refusal
from demosnap.visible import one_line
from demosnap.visible import rows as rows_of

# ---------------------------------------------------------------------- stamps


def stamped_anyway(target: Version) -> Refusal:
    """Return how a version is stamped from which the database differs."""
    return Refusal(
        "database differs",
        f"--no-verify (with alembic: -x demosnap.verify=0) stamps {target.version} anyway",
    )


def unknown_stamp(stamp: str) -> Refusal:
    """Return that no script has the stamp of a scenario that moves."""
    return Refusal(
        "unknown stamp",
        f"the database is stamped {one_line(stamp)}, which has no script here",
        (
            "check out the branch that has it; or, if it was renumbered, `demosnap stamp` the"
            " version that it is now; or drop the stamp with --discard (with alembic: -x"
            " demosnap.discard=1)",
        ),
    )


def unknown_parent(stamp: str, version_table: str) -> Refusal:
    """Return that no script has the stamp of a scenario that is captured."""
    return Refusal(
        "unknown stamp",
        f"the database is stamped {stamp}, which has no script here",
        (
            "check out the branch that has it; or, if it is lost for good, delete that row of"
            f" {version_table}",
        ),
    )


# ---------------------------------------------------------------------- scenarios


def needed(scenario: str, by: Mapping[str, Version | None]) -> Refusal:
    """Return that loaded scenarios need one that would be taken out, each with its version."""
    names = ", ".join(f"{name} {one.version}" if one else name for name, one in by.items())
    more = len(by) > 1
    return Refusal(
        "needed by another scenario",
        f"{names}, which {'are' if more else 'is'} loaded, {'need' if more else 'needs'} {scenario}"
        " (`needs` in demosnap.yaml)",
        (
            f"{', then '.join(f'`demosnap downgrade {name} base`' for name in by)}"
            f" {'take them' if more else 'takes it'} out first",
        ),
    )


# ---------------------------------------------------------------------- plans


def no_way_back(names: str, scenarios: str, why: Iterable[str]) -> Refusal:
    """Return that the way back was tried, and failed."""
    told = "\n".join(why)
    return Refusal(
        "no way back",
        f"the way back to {names} was tried, and failed\n{told}",
        (
            f"Correct that, and capture again if rows change by it (`demosnap revision"
            f" {scenarios}`). A move with --no-rehearse (with alembic: -x demosnap.rehearse=0)"
            " skips the test.",
        ),
    )


def untried(why: str) -> Refusal:
    """Return that the way back was to be tried, and cannot be."""
    return Refusal("no way back", why)


def another_plan() -> Refusal:
    """Return that the same plan would not be made any more."""
    return Refusal("plan out of date", "a new plan would differ")


def another_database(before: object, now: object) -> Refusal:
    """Return that a plan is of another database."""
    return Refusal("plan out of date", f"the plan is of {before}, and this is {now}")


def setting_has_changed(name: str) -> Refusal:
    """Return that a setting is not what it was."""
    return Refusal("plan out of date", f"{name} has changed since the plan was made")


def stamp_has_changed(scenario: str, before: object, now: object) -> Refusal:
    """Return that the database is at another version than it was."""
    what = f"{scenario} was at {before} when the plan was made, and is at {now}"
    return Refusal("plan out of date", what)


def version_has_changed(revision: str, *, is_gone: bool) -> Refusal:
    """Return that a version of a plan is not what it was."""
    gone = "is gone" if is_gone else "is not what it was"
    return Refusal("plan out of date", f"revision {revision} {gone} since the plan was made")


def table_has_changed(table: str, *, is_new: bool, is_gone: bool) -> Refusal:
    """Return that a table of a plan is not what it was."""
    gone = "is gone" if is_gone else "has another definition"
    what = f"the table {gone} since the plan was made"
    if is_new:
        what = "the table is new, and references rows of the plan"
    return Refusal("plan out of date", f"{table}: {what}", table=table)


def rows_have_changed(table: str, then: int, now: int) -> Refusal:
    """Return that rows of a plan are not what they were; as many as there were, and are."""
    counts = f"{rows_of(then, 'was', 'were')} there, {now:,} now" if then != now else "as many"
    return Refusal(
        "plan out of date",
        f"{table}: rows of the plan have changed since it was made ({counts})",
        table=table,
    )


# ---------------------------------------------------------------------- captures


def head_not_loaded(current: Version, head: Version) -> Refusal:
    """Return that a capture on top of the head would undo it."""
    scenario = head.scenario
    return Refusal(
        "head not loaded",
        f"the database holds {current.version}, but the head is {head.version}: a capture would"
        f" undo the changes of {head.short}",
        (
            f"`demosnap upgrade {scenario}@head` first; or --head {scenario}@head to capture on top"
            f" of {head.short} all the same; or --splice for a second head beside it",
        ),
    )


def no_demo_rows(scenario: str, database: str, tables: Iterable[str], marker: str) -> Refusal:
    """Return that there is nothing to capture."""
    return Refusal(
        "no demo rows",
        f"there are no demo rows of {scenario} in {database}\n"
        f"looked at: {', '.join(tables)}; the marker is {marker}",
    )


def far_fewer_rows(parent: Version, count: int) -> Refusal:
    """Return that a capture of `count` rows would have less than half of those of its parent."""
    return Refusal(
        "far fewer rows",
        f"the next version of {parent.scenario} would have {rows_of(count)}, less than half of the"
        f" {rows_of(parent.total)} of {parent.version}",
        (
            f"`demosnap load {parent.scenario}@{parent.short} --discard` brings {parent.short}"
            " back",
            "--allow-shrink (or --yes) captures them nevertheless",
        ),
    )


def overlap(table: str, count: int, scenario: str, other: str) -> Refusal:
    """Return that rows belong to two scenarios."""
    return Refusal(
        "overlap",
        f"{table}: {rows_of(count, 'belongs', 'belong')} to both {scenario} and {other}",
        (
            "the selections of two scenarios must be disjoint: use :scenario in `where`, or a"
            " marker that names the scenario",
        ),
        table=table,
    )


def not_captured_here(version: Version) -> Refusal:
    """Return that a version was not captured from this database."""
    return Refusal(
        "cannot undo",
        f"{version.version} was not captured from this database, or its log does not say so",
        (
            "where it was captured, `demosnap revision --undo` takes it back; by hand, delete"
            f" {version.file} and its .py, and run `demosnap manifest`",
        ),
    )


def not_at(version: Version, stamp: str | None) -> Refusal:
    """Return that the database is at another version than the one to be undone."""
    where = f"is at {stamp}" if stamp else f"holds nothing of {version.scenario}"
    return Refusal(
        "cannot undo",
        f"the database {where}, not at {version.version}, and its rows are of another version",
        (
            f"`demosnap upgrade {version.scenario}@{version.short}` first, so that the rows of"
            f" {version.short} are not lost",
        ),
    )


def pushed(version: Version, branch: str) -> Refusal:
    """Return that others may have a version."""
    return Refusal(
        "cannot undo",
        f"{version.version} is pushed: {branch} has it, and others may have loaded it",
        (f"`demosnap revision {version.scenario}` captures the next version instead",),
    )


def depended_on(version: Version, by: str) -> Refusal:
    """Return that another version depends on the one to be undone."""
    return Refusal("cannot undo", f"{by} depends on {version.version} (depends_on)")


def committed(version: Version) -> Refusal:
    """Return that git has a version, which is undone only if that is asked for."""
    return Refusal(
        "cannot undo",
        f"{version.version} is committed in git",
        ("with --yes it is undone",),
    )
