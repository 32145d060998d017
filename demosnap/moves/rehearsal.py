"""Try the way back before rows are deleted: act, load the rows again, verify, and roll back.

Proofs, from rehearsals or from loads, are recorded with the version's digest and the schema at
that time, so that no way back is tried twice.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from sqlalchemy.exc import DBAPIError

from demosnap.config import Settings
from demosnap.database import own_tables, picking, row_set
from demosnap.database.live import Database
from demosnap.errors import ConfigError, ConflictError, DemosnapError, LockError, RefusedError
from demosnap.model import Version
from demosnap.moves import culprit, execute, hooks, plan
from demosnap.moves import triggers as triggering
from demosnap.moves.goal import Goal
from demosnap.moves.planned import PlannedMove
from demosnap.options import MoveOptions
from demosnap.reasons import of_versions


@dataclass
class Rehearsal:
    """The ways back of the moves of a run.

    `versions` are all versions by scenario. `always`: also try ways back that were proved.
    """

    database: Database
    settings: Settings
    versions: Mapping[str, Sequence[Version]]
    prepared: Sequence[PlannedMove]
    options: MoveOptions
    always: bool = False
    _schemas: dict[str, str] = field(default_factory=dict, init=False)
    _proved: dict[str, set[str]] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        self._unproved = [one for one in self.prepared if self._is_unproved(one)]
        names = {name for one in self._unproved for name in (*_changed_tables(one), *one.move.load)}
        dialect, connection = self.database.dialect, self.database.connection
        self._no_savepoints = bool(names) and not dialect.takes_savepoints(connection)
        self._once = self._changed_once(names) if names else ()
        hopeless = self._no_savepoints or self._once
        self.needed = bool(self._unproved) and self.options.rehearse and not hopeless

    def text(self) -> str:
        """Return the text of a plan on the ways back; empty if there is none to try."""
        if not self._unproved:
            return ""
        names = ", ".join(_name(one.held) for one in self._unproved)
        if self._no_savepoints:
            return (
                f"the way back to {names} cannot be tried, since changes cannot be undone here; "
                f"rows that do not load again are lost"
            )
        if self._once:
            return (
                f"the way back to {names} cannot be tried: the full-text index of"
                f" {', '.join(self._once)} may end the server where changes are undone and made "
                f"again; rows that do not load again are lost"
            )
        if not self.options.rehearse:
            return f"the way back to {names} was never tried; rows that do not load again are lost"
        triggers = self._triggers()
        also = f"; triggers act then, too: {', '.join(triggers)}" if triggers else ""
        return f"the way back to {names} is tried first, and undone{also}"

    def act(self) -> None:
        """Try the ways back in the caller's transaction, and roll all of it back.

        Raises:
            RefusedError: a way back fails; the message has the place, the reason and the ways on.
            DemosnapError: the moves themselves fail.
        """
        if not self.needed:
            return
        database = replace(self.database, rehearsing=True)
        with _undone(database):
            self._acted(database, self.prepared, self.options)
            back = self._back(database)
        origins = {one.move.scenario: one.move.target for one in self.prepared}
        for one in back:
            if one.move.target is not None:
                origin = origins[one.move.scenario]
                self._remember("rehearse", one.move.target, origin, one.planned is None)

    def passed(self) -> None:
        """Record what the moves have proved, after they were made and verified."""
        if self.options.verify != "full":
            return
        for one in self.prepared:
            if one.move.action != "load" or one.move.target is None:
                continue
            if one.planned is None:
                self._remember("proof", one.move.target, None, True)
            elif one.held is not None and not self.options.discard:
                self._remember("proof", one.move.target, one.held, False)

    # ------------------------------------------------------------------ the way back

    def _back(self, database: Database) -> list[PlannedMove]:
        """Move from the result of the moves back to the present rows; return the moves for it."""
        options = replace(self.options, discard=False, only=False, cascade=(), verify="full")
        goals = [
            Goal(one.move.scenario, one.move.target, one.held)
            for one in self.prepared
            if one.move.action in ("load", "purge") and one.held != one.move.target
        ]
        back, reasons = self._tried(database, options, goals)
        if reasons and any(one.planned for one in back) and not options.keep_referenced:
            # Rows that cannot be changed one by one can still be purged and loaded.
            back, loading = self._tried(database, replace(options, full=True), goals)
            # Rows that are refused one by one are often refused for another reason as a whole.
            reasons = [*reasons, *loading] if loading else []
        if reasons and len(goals) > 1:
            back, reasons = self._one_by_one(database, options, goals, reasons)
        if not reasons:
            return back
        held = [one for one in self.prepared if one.held not in (None, one.move.target)]
        names = ", ".join(_name(one.held) for one in held)
        scenarios = ", ".join(one.move.scenario for one in held)
        raise RefusedError(
            "; ".join(f"{one.move.scenario}: {_moves(one)}" for one in self.prepared),
            [of_versions.no_way_back(names, scenarios, dict.fromkeys(reasons))],
        )

    def _one_by_one(
        self, database: Database, options: MoveOptions, goals: Sequence[Goal], reasons: list[str]
    ) -> tuple[list[PlannedMove], list[str]]:
        """Go the way back in several runs, since a scenario may need another scenario's rows."""
        back: list[PlannedMove] = []
        left = list(goals)
        while left:
            for goal in left:
                found, wrong = self._tried(database, options, [goal])
                if not wrong:
                    back += found
                    left.remove(goal)
                    break
            else:
                # Scenarios without rows need no way back.
                return back, reasons if any(goal.target for goal in left) else []
        return back, []

    def _tried(
        self, database: Database, options: MoveOptions, goals: Sequence[Goal]
    ) -> tuple[list[PlannedMove], list[str]]:
        """Make the moves back; return them with the reasons of a failure, which is rolled back."""
        back: list[PlannedMove] = []
        savepoint = picking.Savepoint(database.connection)
        try:
            back = plan.prepare(database, self.settings, self.versions, goals, options)
            reasons = [str(refusal) for one in back for refusal in one.refusals]
            if not reasons:
                self._acted(database, back, options)
                database.dialect.settle(database.connection)
                savepoint.commit()
                return back, []
        except Exception as error:
            if _is_passing(database, error):
                raise
            try:
                savepoint.rollback()
            except DBAPIError:
                # The error has ended the transaction, so all is rolled back already.
                raise error from None
            return back, [self._explained(database, back, error)]
        savepoint.rollback()
        return back, reasons

    def _explained(self, database: Database, back: Sequence[PlannedMove], error: Exception) -> str:
        # That nothing was changed is no news of what was only tried.
        known = isinstance(error, DemosnapError) and error.text
        if known and (error.__cause__ is None or isinstance(error, ConfigError)):
            return known
        loaded = [t for one in back if one.planned is None and (t := one.move.target) is not None]
        disabled = self.settings.triggers.disabled
        with _undone(database):
            found = culprit.explained(database, loaded, disable_triggers=disabled)
        return found or known or culprit.reason(error)

    def _acted(
        self, database: Database, prepared: Sequence[PlannedMove], options: MoveOptions
    ) -> None:
        sealed = execute.act(
            database,
            prepared,
            settings=self.settings,
            level=options.verify,
            discard=options.discard,
            own_triggers=triggering.own(database.connection, database.dialect),
        )
        if sealed is not None:
            sealed.check(database)

    def _triggers(self) -> list[str]:
        if self.settings.triggers.disabled:
            return []
        names = dict.fromkeys(name for one in self._unproved for name in _changed_tables(one))
        tables = [self.database.tables[name] for name in names]
        return [str(trigger) for table in tables for trigger in table.triggers]

    # ------------------------------------------------------------------ what is proved

    def _changed_once(self, names: Collection[str]) -> Sequence[str]:
        """Return the tables that the moves may change, but that cannot take part in a rehearsal."""
        tables = self.database.tables
        near = {
            one.name for one in tables.values() if any(k.table in names for k in one.foreign_keys)
        }
        if any(tables[name].triggers for name in names if name in tables):
            # Triggers may change any table.
            near.update(tables)
        existing = sorted({*names, *near} & tables.keys())
        return self.database.dialect.unrehearsable(self.database.connection, existing)

    def _is_unproved(self, one: PlannedMove) -> bool:
        held, target = one.held, one.move.target
        if (
            one.move.action not in ("load", "purge")
            or held in (None, target)
            or not _changed_tables(one)
        ):
            return False
        assert held is not None
        proved = self._proofs(held.scenario)
        ways = (self._proof(held, None, True), self._proof(held, target, False))
        return self.always or self._may_lack(one, held) or not proved.intersection(ways)

    def _may_lack(self, one: PlannedMove, held: Version) -> bool:
        """Return whether rows of a version are gone, so that other rows may have their keys now."""
        if not self.options.discard or one.recognized is not None:
            return False
        gone = any(one.purge.get(name, 0) < count for name, count in held.rows.items())
        return one.move.target is None or gone

    def _remember(
        self, operation: str, version: Version, origin: Version | None, whole: bool
    ) -> None:
        proof = self._proof(version, origin, whole)
        if proof in self._proofs(version.scenario):
            return
        self._proofs(version.scenario).add(proof)
        entry = own_tables.new_entry(
            operation, version.scenario, version.revision, version.rows, proof
        )
        own_tables.write(self.database.connection, entry)

    def _proofs(self, scenario: str) -> set[str]:
        if scenario not in self._proved:
            self._proved[scenario] = set(own_tables.proofs(self.database.connection, scenario))
        return self._proved[scenario]

    def _proof(self, version: Version, origin: Version | None, whole: bool) -> str:
        """Return the digest that identifies a proof for a version.

        `whole`: all of its rows load; otherwise only those by which it differs from `origin`.
        """
        start = "" if whole else origin.digest if origin else "base"
        proved = [version.digest, start, self._schema(version)]
        return hashlib.sha256(json.dumps(proved).encode()).hexdigest()

    def _schema(self, version: Version) -> str:
        """Return a text of everything that determines whether a version's rows load."""
        if version.revision not in self._schemas:
            tables = self.database.tables
            picked = row_set.selections(self.database, self.settings, version.scenario, [version])
            own = {name for one in picked for name in one.rules if name in tables}
            near = {key.table for name in own for key in tables[name].foreign_keys}
            near |= {t.name for t in tables.values() if own & {k.table for k in t.foreign_keys}}
            found = [tables[name] for name in sorted(own | near) if name in tables]
            dialect = self.database.dialect
            schema = dialect.fingerprint(self.database.connection, found)
            text = f"{schema}\n{picked!r}\n{self.settings.triggers!r}"
            if statements := hooks.sql(self.settings):
                text += f"\n{statements!r}"
            self._schemas[version.revision] = hashlib.sha256(text.encode()).hexdigest()
        return self._schemas[version.revision]


def _changed_tables(one: PlannedMove) -> list[str]:
    """Return the tables in which a move deletes or changes demo rows."""
    return [name for rows in (one.move.purge, one.move.change) for name in rows if rows[name]]


def _name(version: Version | None) -> str:
    return f"{version.scenario} {version.version}" if version else "base"


def _moves(one: PlannedMove) -> str:
    names = [v.version if v else "base" for v in (one.move.current, one.move.target)]
    return " → ".join(names)


def _is_passing(database: Database, error: Exception) -> bool:
    """Return whether an error comes from other sessions or the connection, not from the rows."""
    dialect, below = database.dialect, error
    if isinstance(error, DemosnapError) and isinstance(error.__cause__, Exception):
        below = error.__cause__
    cause = getattr(below, "orig", None) or below
    return (
        isinstance(error, (LockError, ConflictError))
        or dialect.is_lock_timeout(cause)
        or dialect.is_conflict(cause)
        or getattr(below, "connection_invalidated", False)
    )


@contextlib.contextmanager
def _undone(database: Database) -> Iterator[None]:
    savepoint = picking.Savepoint(database.connection)
    try:
        yield
    except BaseException:
        # A broken connection must not hide the error that broke it.
        with contextlib.suppress(Exception):
            savepoint.rollback()
        raise
    savepoint.rollback()
