"""Triggers that tests make on tables of the small application."""

from __future__ import annotations

from support.databases import Database


def column_trigger(database: Database, name: str, event: str, change: str) -> None:
    """Make a trigger that sets columns of each card that comes or changes."""
    column, _, value = change.partition(" = ")
    if database.dialect == "sqlite":
        database.execute(
            f"CREATE TRIGGER {name} AFTER {event} ON cards WHEN NEW.{column} IS NOT {value} BEGIN"
            f" UPDATE cards SET {change} WHERE id = NEW.id; END"
        )
        return
    head = f"CREATE TRIGGER {name} BEFORE {event} ON cards FOR EACH ROW"
    if database.dialect == "mariadb":
        database.execute(f"{head} SET NEW.{change}")
        return
    database.execute(
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS"
        f" $$ BEGIN NEW.{column} := {value}; RETURN NEW; END $$",
        f"{head} EXECUTE FUNCTION {name}()",
    )
