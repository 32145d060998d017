"""The hooks of demosnap.yaml: which a run has, and their SQL, in its transaction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from demosnap.config import Settings, passwords
from demosnap.config.hook_settings import Event, Hook
from demosnap.config.names import shown
from demosnap.database.live import Database
from demosnap.dialects.base import Dialect, execute
from demosnap.errors import ScriptError
from demosnap.moves import refused
from demosnap.results import Action, Move
from demosnap.snapshot.predicates import bind_statement
from demosnap.visible import one_line, shortened

_EVENTS: Mapping[Action, Event] = {
    "load": "after_load",
    "purge": "after_purge",
    "reset": "after_reset",
}
_SHOWN = 100


class Due(NamedTuple):
    """A hook that a run has, and the move that it follows; `place` is `file:line`."""

    hook: Hook
    move: Move
    place: str

    @property
    def name(self) -> str:
        """The name of the hook for messages."""
        return f"{self.hook.event} ({self.place})"


def due(settings: Settings, moves: Iterable[Move]) -> list[Due]:
    """Return the hooks of a run in the order of its moves."""
    file = shown(settings.yaml_file)
    return [
        Due(hook, move, f"{file}:{settings.line_of(*hook.path)}")
        for move in moves
        if move.action in _EVENTS
        for hook in settings.hooks.of(_EVENTS[move.action])
    ]


def statements(
    dialect: Dialect, settings: Settings, hook: Hook, scenario: str
) -> list[tuple[str, tuple[str, ...]]]:
    """Return the statements of a hook for a scenario, with their paths in demosnap.yaml.

    Raises:
        ConfigError: a text is more than a statement, or could end the transaction.
    """
    found = []
    for written, path in hook.statements:
        try:
            statement = bind_statement(written, scenario, dialect)
        except ScriptError as error:
            raise settings.error(
                f"{_label(path)}: {error.reason}", *path, hint=error.hint
            ) from error
        if not dialect.keeps_transaction(statement):
            word = statement.split(None, 1)[0] if statement else "nothing"
            raise settings.error(
                f"{_label(path)}: {word} cannot be in the transaction of a move, since"
                f" {dialect.name} would end it, or could not roll it back",
                *path,
                hint="Write what it changes as INSERT, UPDATE and DELETE, or run it as a command.",
            )
        found.append((statement, path))
    return found


def notes(dialect: Dialect, settings: Settings, found: Iterable[Due], *, owned: bool) -> list[str]:
    """Return a line of the plan for each statement and command.

    `owned`: demosnap commits, and so runs the commands.

    Raises:
        ConfigError: a statement cannot be in the transaction.
    """
    after = "after the commit" if owned else "left to run after the caller's commit"
    lines = []
    for one in found:
        name = f"{one.move.scenario}: {one.name}"
        texts = [text for text, _ in statements(dialect, settings, one.hook, one.move.scenario)]
        lines += [f"{name} runs before the commit: {_brief(text)}" for text in texts]
        if one.hook.command:
            lines.append(f"{name}, {after}: {_brief(one.hook.command)}")
    return lines


def sql(settings: Settings) -> tuple[str, ...]:
    """Return the statements of all hooks, of which it depends whether a way back works."""
    events: tuple[Event, ...] = ("after_load", "after_purge", "after_reset")
    return tuple(
        text for event in events for hook in settings.hooks.of(event) for text, _ in hook.statements
    )


def run_sql(database: Database, settings: Settings, moves: Iterable[Move]) -> list[Due]:
    """Run the statements of a run's hooks; return the hooks that have any.

    Raises:
        ConfigError: the database refused one.
    """
    dialect, connection = database.dialect, database.connection
    found = [one for one in due(settings, moves) if one.hook.statements]
    for one in found:
        for statement, path in statements(dialect, settings, one.hook, one.move.scenario):
            try:
                with dialect.users_statements(connection):
                    execute(connection, statement).close()
            except Exception as error:
                if not refused.by_rows(database, error):
                    raise
                raise settings.error(
                    f"{_label(path)}: the database refused {_brief(statement)}:"
                    f" {passwords.redacted(dialect.error_text(error))}",
                    *path,
                    hint="All was rolled back. Correct the hook, or what it changes.",
                ) from error
    return found


def _label(path: Sequence[str]) -> str:
    return ".".join(part for part in path[:2])


def _brief(text: str) -> str:
    return shortened(one_line(" ".join(text.split())), _SHOWN)
