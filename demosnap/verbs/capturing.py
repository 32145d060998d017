"""Verbs that make revisions: capture (files first, then the stamp), undo and renumber."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from sqlalchemy import Connection

from demosnap import dialects, interrupts
from demosnap.config.names import shown
from demosnap.database import own_tables, picking
from demosnap.errors import (
    DemosnapError,
    ReadOnlyError,
    RefusedError,
    UnknownNameError,
    UsageError,
    VerificationError,
)
from demosnap.model import Version
from demosnap.options import MoveOptions
from demosnap.reasons import of_versions
from demosnap.results import CapturePlan, Renumbering, RevisionResult, Undoing
from demosnap.revisions import capture, goals, revision_files, succession, undoing, unversioned
from demosnap.revisions import renumber as renumbering
from demosnap.verbs.access import Access


def revision(
    access: Access,
    wanted: succession.Wanted,
    *,
    stamp: bool,
    dry_run: bool,
    auto: bool,
    connection: Connection | None,
    rehearse: bool,
) -> RevisionResult:
    """Capture the demo rows as the next revision of a scenario; see `Project.revision`."""
    if auto and not access.settings.auto_export:
        return RevisionResult(None, None, False, False)
    scenario = wanted.scenario
    capture.check_scenario(access.settings, access.graph(), scenario)
    found: capture.Captured | None = None

    def tried(version: Version) -> None:
        access.run(goals.rehearsal(version), MoveOptions(), connection, rehearsal=True)

    stamped = False
    with interrupts.held(interrupts.DONE) as hold:
        try:
            with contextlib.ExitStack() as locked:
                with access.reading(connection, changes=stamp and not dry_run) as (own, place):
                    if access.confirm is not None and stamp and not dry_run:
                        access.confirm(CapturePlan(place, scenario, "", None, {}))
                    if not dry_run:
                        # Held until the database is stamped, which the next capture relies on.
                        lock = revision_files.project_lock(access.settings, access.lock_timeout)
                        locked.enter_context(lock)
                    moment = _moment(own, given=connection is not None)
                    with interrupts.held() as hold_files:
                        found = capture.capture(
                            own,
                            moment,
                            place,
                            access.settings,
                            access.graph(),
                            wanted,
                            dry_run=dry_run,
                            tried=tried if rehearse else None,
                            before_files=hold_files if stamp else hold,
                        )
                if stamp and found.version is not None and not found.stamped:
                    goal = goals.stamp_captured(found.version, found.stamps)
                    options = MoveOptions(verify_stamp=False, discard=True)
                    access.run(goal, options, connection, before_commit=hold)
                    stamped = True
        except (DemosnapError, KeyboardInterrupt) as error:
            if found is None or not found.created or found.version is None:
                raise
            raise _captured_but(found.version, error, stamp and not stamped) from error
        left_out = unversioned.ignored(access.settings, found.files)
        return RevisionResult(
            plan=found.plan,
            version=found.version,
            created=found.created,
            stamped=stamped,
            files=tuple(shown(path) for path in found.files),
            ignored=tuple(shown(one.path) for one in left_out),
            notes=tuple(unversioned.notes(access.settings, left_out)),
        )


def only_scenario(access: Access) -> str:
    """Return the scenario that a capture means which names none.

    Raises:
        UsageError: there is none, or there are several.
    """
    names = access.settings.scenario_names or access.graph().scenarios
    if len(names) == 1:
        return names[0]
    known = f" ({', '.join(names)})" if names else ""
    raise UsageError(
        f"revision needs the name of a scenario{known}",
        '`demosnap revision general -m "what is new"` captures the scenario general.',
    )


def undo(
    access: Access, scenario: str | None = None, *, dry_run: bool = False, committed: bool = False
) -> Undoing:
    """Take the last capture of a scenario back; see `Project.undo`."""
    found = _undoable(access, scenario, changes=not dry_run)
    if dry_run:
        return found.undoing
    options = MoveOptions(verify_stamp=False, discard=True)
    local = access.allow_remote or access.target().local
    if found.stamped and not local and access.confirm is not None:
        # No question is asked while a lock is held.
        access.confirm(access.run(found.goal, replace(options, dry_run=True)))
    lock = revision_files.project_lock(access.settings, access.lock_timeout)
    with interrupts.held(interrupts.DONE) as hold, lock:
        found = _undoable(access, scenario, changes=True)
        version = found.undoing.version
        if found.undoing.committed and not committed:
            raise RefusedError(
                f"revision --undo {version.scenario}", [of_versions.committed(version)]
            )
        if found.stamped:
            confirm = access.confirm if local else None
            access.run(found.goal, options, None, confirm, before_commit=hold)
        try:
            written = undoing.remove(access.settings, found, hold)
        except DemosnapError as error:
            raise DemosnapError(
                f"{error.message}; the database is no longer stamped with {version.version},"
                " whose files are still there",
                f"`demosnap revision --undo {version.scenario}` again ends it.",
                changed=True,
            ) from error
    return replace(found.undoing, written=written)


def _undoable(access: Access, scenario: str | None, *, changes: bool) -> undoing.Found:
    graph = access.graph()
    name = graph.only() if scenario is None else scenario
    if not graph.of(name):
        raise UnknownNameError("scenario", name, graph.scenarios)
    with access.reading(None, changes=changes) as (connection, _):
        stamps = own_tables.stamps(connection)
        entries = own_tables.entries(connection, name)
    return undoing.look(access.settings, graph, name, stamps, entries)


def renumber(access: Access, name: str, *, dry_run: bool = False) -> Renumbering:
    """Make one head the next version after the other; see `Project.renumber`."""
    if dry_run:
        return renumbering.renumber(access.settings, name, dry_run=True)
    lock = revision_files.project_lock(access.settings, access.lock_timeout)
    with interrupts.held(interrupts.DONE) as hold, lock:
        done = renumbering.renumber(access.settings, name, dry_run=False, before_files=hold)
    written = [Path(file).absolute() for file in done.written]
    left_out = unversioned.ignored(access.settings, written)
    return replace(
        done,
        ignored=tuple(shown(one.path) for one in left_out),
        notes=(*done.notes, *unversioned.notes(access.settings, left_out)),
    )


@contextlib.contextmanager
def _moment(reading: Connection, *, given: bool) -> Iterator[None]:
    """See the database at one moment; inside of a caller's transaction, as that sees it."""
    dialect = dialects.of(reading)
    with contextlib.ExitStack() as stack:
        stack.enter_context(dialect.session(reading, write=False))
        picking.again(reading)
        if not given:
            stack.enter_context(dialect.consistent_read(reading))
        yield


def _captured_but(
    version: Version, error: DemosnapError | KeyboardInterrupt, unstamped: bool
) -> DemosnapError | KeyboardInterrupt:
    """Return the error for a failure that came after a capture's files were in place."""
    name = f"{version.scenario}@{version.short}"
    done = f"{version.scenario} {version.version} is captured"
    if unstamped:
        done += ", but the database is not stamped with it"
    hint = f"`demosnap revision {version.scenario}` or `demosnap stamp {name}` stamps it."
    if isinstance(error, DemosnapError) and not interrupts.behind(error):
        if isinstance(error, ReadOnlyError):
            hint = (
                f"Capture from a read-only database with --no-stamp; stamp {name} in a database "
                f"that can be written."
            )
        if unstamped:
            hint = f"{error.hint}\nThen {hint}" if isinstance(error, VerificationError) else hint
        way_on = hint if unstamped else error.hint
        return DemosnapError(f"{done}: {error.message}", way_on, changed=True)
    return KeyboardInterrupt(f"interrupted: {done}" + (f"\n{hint}" if unstamped else ""))
