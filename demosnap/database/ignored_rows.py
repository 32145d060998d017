"""Check the rows that demosnap.yaml says to ignore."""

from __future__ import annotations

from demosnap.config import Settings
from demosnap.config.names import yaml_item
from demosnap.database.live import Database
from demosnap.errors import did_you_mean
from demosnap.model import Rule
from demosnap.snapshot.predicates import EVERY_ROW


def resolve(database: Database, settings: Settings, rules: dict[str, Rule]) -> dict[str, str]:
    """Return the predicate of the ignored rows of each table; `rules` gets the tables of their own.

    Raises:
        ConfigError: a table does not exist, has no key, or does not fit its entry.
    """
    ignored: dict[str, str] = {}
    for name, one in settings.ignore.items():
        problem, hint = "", None
        if name not in database.tables:
            problem = f"there is no table {name!r} in the database"
            problem += did_you_mean(name, database.tables)
        elif not database.tables[name].identified:
            problem = f"{name} has no key, so its rows cannot be told apart"
        elif not isinstance(one, str) and any(leaf.kind == "needed by" for leaf in one.leaves):
            problem = f"{name} cannot be needed by demo rows, which come with what they need"
        elif isinstance(one, str) and name not in rules:
            problem = f"{name} is not selected, so a predicate says too little"
            hint = f"Write its rule: {yaml_item({name: {'via': 'user_id'}})[1:-1]}, for example."
        elif not isinstance(one, str) and name in rules:
            problem = f"the rows of {name} are picked by the marker"
            hint = "Write the predicate of the rows to ignore, as a text."
        if problem:
            raise settings.error(f"ignore: {problem}", "ignore", name, hint=hint)
        if isinstance(one, str):
            ignored[name] = one
        else:
            rules[name], ignored[name] = one, EVERY_ROW
    return ignored
