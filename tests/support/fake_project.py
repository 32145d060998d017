"""A project that records what the command line calls, and the command line itself."""

from __future__ import annotations

import inspect
from dataclasses import replace
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

import demosnap.project
from demosnap.cli.program import cli
from demosnap.model import ExternalReference, Marker, Rule, Selection, Version
from demosnap.results import HistoryEntry, Move, MovePlan, Target

LOCAL = Target("sqlite:///demo.db", "alembic.ini [alembic]", True)
REMOTE = Target("postgresql://app:***@db.internal/demo", "--url", False)
V1 = Version(
    revision="general_v1_8b2d04c1",
    down_revision=None,
    scenario="general",
    version="v1_2025-01-15",
    message="the first one",
    created_at="2025-01-15T10:30:00Z",
    folder=str(Path.cwd() / "demo_revisions" / "general"),
    file="general_v1_2025-01-15.sql",
    format=1,
    dialect="sqlite",
    digest="9f" * 32,
    size=145823,
    rows={"fragments": 175, "todos": 100},
    selection=Selection(
        "general",
        Marker("metadata", "demo_seed", "scenario"),
        {"fragments": Rule("marker"), "todos": Rule("via", ("fragment_id",))},
    ),
)
V2 = replace(
    V1,
    revision="general_v2_3f9c1a7e",
    down_revision=V1.revision,
    version="v2_2025-01-20",
    message="more todos, and a message that is long enough to be broken on a narrow terminal",
    created_at="2025-01-20T14:15:00Z",
    file="general_v2_2025-01-20.sql",
    size=1_452_451,
    rows={"fragments": 180, "todos": 1105},
    external_references=(ExternalReference("fragments", ("user_id",), "users", ("id",), 3),),
    application_revision={"alembic_version": "ae1027a6acf"},
)
LOAD = Move("general", V1, V2, "load", {"todos": 100, "fragments": 175}, dict(V2.rows))
HISTORY = [HistoryEntry(V2, True, False), HistoryEntry(V1, False, True)]


class FakeProject:
    """Stands in for the project: records the call and gives back what the test says."""

    calls: list[tuple[Any, ...]]
    result: Any
    plan: Any

    def __init__(self, config_file: Any = None, **options: Any) -> None:
        self.options = {"config_file": config_file, **options}

    def __getattr__(self, verb: str) -> Any:
        def call(*args: Any, **options: Any) -> Any:
            cls = type(self)
            # The real method must take what the command line gives it.
            inspect.signature(getattr(REAL, verb)).bind(self, *args, **options)
            cls.calls.append((verb, args, options, self.options))
            if cls.plan is not None:
                self.options["confirm"](cls.plan)
            if isinstance(cls.result, BaseException):
                raise cls.result
            if verb.endswith("_sql"):
                args[-1].write("SELECT 'é';\n")
            return cls.result

        return call


REAL = demosnap.project.Project
# click before 8.2 puts both streams into one, unless it is told not to.
APART: dict[str, Any] = (
    {"mix_stderr": False} if "mix_stderr" in inspect.signature(CliRunner).parameters else {}
)
RUNNER = CliRunner(**APART)


def run(*words: str, **more: Any) -> Result:
    return RUNNER.invoke(cli, list(words), **more)


def moved(*moves: Move, target: Target = LOCAL, **more: Any) -> MovePlan:
    return MovePlan(target, moves or (LOAD,), **more)
