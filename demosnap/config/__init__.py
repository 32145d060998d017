"""alembic.ini and demosnap.yaml, as typed values; errors name file, line and key."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from demosnap.config.names import scenario_name_problem

if TYPE_CHECKING:
    from demosnap.config.choices import Choices
    from demosnap.config.sections import Scenario, Triggers
    from demosnap.config.settings import Settings, from_alembic, load

__all__ = [
    "Choices",
    "Scenario",
    "Settings",
    "Triggers",
    "from_alembic",
    "load",
    "scenario_name_problem",
]


def __getattr__(name: str) -> object:
    """Import the reader of demosnap.yaml on first use, since shell completion needs only names."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    home = {"Choices": "choices", "Scenario": "sections", "Triggers": "sections"}
    module = import_module(f"{__name__}.{home.get(name, 'settings')}")
    value: object = getattr(module, name)
    globals()[name] = value
    return value
