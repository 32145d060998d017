"""alembic.ini and demosnap.yaml, as typed values; errors name file, line and key."""

from demosnap.config.names import scenario_name_problem
from demosnap.config.settings import Choices, Scenario, Settings, Triggers, from_alembic, load

__all__ = [
    "Choices",
    "Scenario",
    "Settings",
    "Triggers",
    "from_alembic",
    "load",
    "scenario_name_problem",
]
