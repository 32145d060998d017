"""The hooks in demosnap.yaml: what is done beside the rows of a move, declared once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal, NamedTuple

from msgspec import UNSET, Meta, Struct, UnsetType

from demosnap.config.kinds import Command, Misfit, Sql

Event = Literal["after_load", "after_purge", "after_reset"]
"""The moment of a hook."""

_FORMS = 'Write {sql: "UPDATE …"} or {command: "manage.py fixtree"}.'


# The check of a hook's `__post_init__` in JSON Schema; it says nothing of lists.
_ONE_KEY: dict[str, Any] = {
    "minProperties": 1,
    "dependencies": {"sql": {"properties": {"command": False}}},
}


class HookKeys(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A hook in demosnap.yaml: statements, or a command."""

    sql: Annotated[
        Sql
        | Annotated[
            tuple[Sql, ...],
            Meta(min_length=1, extra_json_schema={"uniqueItems": True}, extra={"hint": _FORMS}),
        ]
        | UnsetType,
        Meta(
            description="A statement, or a list of them, in the transaction of the move; "
            "`:scenario` in it stands for the scenario's name.",
            examples=["UPDATE shops SET goods = (SELECT count(*) FROM goods)"],
        ),
    ] = UNSET
    command: Annotated[
        Command | UnsetType,
        Meta(
            description="A command of the shell, run in the project's folder after the commit.",
            examples=["python manage.py fixtree"],
        ),
    ] = UNSET

    def __post_init__(self) -> None:
        """Check that the keys make a single hook."""
        if (self.sql is UNSET) == (self.command is UNSET):
            problem = "neither sql nor command" if self.sql is UNSET else "both sql and command"
            raise Misfit(f" has {problem}", about=(), hint=_FORMS)


_Hooks = Annotated[
    HookKeys,
    Meta(
        title="hook",
        extra_json_schema=_ONE_KEY,
        extra={"hint": _FORMS, "numbered": True},
    ),
]


class Hook(NamedTuple):
    """A hook: its statements with their paths in demosnap.yaml, or a command."""

    event: Event
    path: tuple[str, ...]
    statements: tuple[tuple[str, tuple[str, ...]], ...] = ()
    command: str = ""


class Hooks(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The hooks of demosnap.yaml by their moments."""

    after_load: Annotated[
        _Hooks | tuple[_Hooks, ...],
        Meta(
            description="Done for each scenario that `upgrade`, `downgrade` or `load` took to a "
            "version.",
            extra_json_schema=_ONE_KEY,
            examples=[[{"sql": "UPDATE …"}, {"command": "python manage.py fixtree"}]],
        ),
    ] = ()
    after_purge: Annotated[
        _Hooks | tuple[_Hooks, ...],
        Meta(
            description="Done for each scenario that was taken out.",
            extra_json_schema=_ONE_KEY,
            examples=[{"sql": "UPDATE …"}],
        ),
    ] = ()
    after_reset: Annotated[
        _Hooks | tuple[_Hooks, ...] | UnsetType,
        Meta(
            description="Done for each scenario that `reset` changed; without this key, "
            "`after_load` is. `[]`: nothing is.",
            extra_json_schema=_ONE_KEY,
            examples=[{"command": "python manage.py fixtree"}],
        ),
    ] = UNSET

    def of(self, event: Event) -> Iterator[Hook]:
        """Yield the hooks of a moment in their order."""
        if event == "after_reset" and isinstance(self.after_reset, UnsetType):
            event = "after_load"
        given: HookKeys | tuple[HookKeys, ...] | UnsetType = getattr(self, event)
        if isinstance(given, HookKeys):
            yield _hook(given, event, ("hooks", event))
        elif isinstance(given, tuple):
            for number, keys in enumerate(given, 1):
                yield _hook(keys, event, ("hooks", event, str(number)))


def _hook(keys: HookKeys, event: Event, path: tuple[str, ...]) -> Hook:
    if isinstance(keys.command, str):
        return Hook(event, (*path, "command"), command=keys.command)
    path = (*path, "sql")
    if isinstance(keys.sql, str):
        return Hook(event, path, ((keys.sql, path),))
    statements = () if isinstance(keys.sql, UnsetType) else keys.sql
    return Hook(event, path, tuple((one, (*path, one)) for one in statements))
