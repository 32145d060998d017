"""Refusals because of rows: those that would be lost, that stay, or that are not there."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from demosnap.model import ExternalReference, ForeignKey, Version
from demosnap.refusal import Refusal
from demosnap.visible import rows as rows_of

_GIVE_UP = "--discard (with alembic: -x demosnap.discard=1) gives them up"
_BACK = "--discard (with alembic: -x demosnap.discard=1) brings them back"

# ---------------------------------------------------------------------- rows that would be lost


def uncaptured(
    scenario: str,
    present: Mapping[str, int],
    since: Version | None,
    target: Version | None,
    changes: Sequence[str],
    changed_rules: Sequence[str],
    kept: Iterable[str],
) -> Refusal:
    """Return that demo rows would be lost.

    `present` counts them by table. `changes` are lines on how they differ from the loaded version
    `since`, or from `target` without one, and `changed_rules` why a rule picks them. `kept` are
    lines on rows that an earlier move kept.
    """
    rows = ", ".join(f"{name} {count}" for name, count in present.items() if count)
    lines = [f"the demo rows of {scenario} are in no revision and would be lost ({rows})"]
    if since is not None and changes:
        lines = [
            f"changes of the demo rows of {scenario} since {since.version} are in no revision and"
            " would be lost",
            *changes,
        ]
    elif changes:
        lines += [f"not as in {target.version}:"] if target is not None else []
        lines += changes
    ways = [f"`demosnap revision {scenario}` saves them; {_GIVE_UP}"]
    if changed_rules:
        ways.append("if real rows are among them, correct the rule in demosnap.yaml first")
    return Refusal("unsaved rows", "\n".join((*lines, *changed_rules, *kept)), tuple(ways))


def captured_elsewhere(
    scenario: str, present: Mapping[str, int], revision: str, since: str
) -> Refusal:
    """Return that demo rows, counted by table, are of a revision that no commit here has.

    `since` says when, and by whom, the database was brought to it.
    """
    rows = ", ".join(f"{name} {count}" for name, count in present.items() if count)
    return Refusal(
        "unsaved rows",
        f"the demo rows of {scenario} are those of {revision} ({rows}; {since}), which no commit of"
        " this repository has: they would be lost",
        (f"fetch or commit {revision}; {_GIVE_UP}",),
    )


def table_not_in_version(table: str, count: int, target: Version) -> Refusal:
    """Return that demo rows of a table would be lost, since the version does not have it."""
    are = "is 1 demo row" if count == 1 else f"are {count:,} demo rows"
    return Refusal(
        "unsaved rows",
        f"{table}: there {are}, and {target.version} does not have the table",
        (f"`demosnap revision {target.scenario}` saves them; --discard gives them up",),
        table=table,
    )


def hanging(lines: str, release: str) -> Refusal:
    """Return that rows would go with others that are brought back; `lines` say which."""
    return Refusal("unsaved rows", lines, (f"{_BACK}; {release}",))


def edited(scenario: str, changes: Iterable[str], release: str) -> Refusal:
    """Return that changes of rows that are no longer picked would be lost."""
    lost = (
        f"changes of rows of {scenario} that are no longer picked are in no revision and would be"
        " lost"
    )
    return Refusal("unsaved rows", "\n".join((lost, *changes)), (f"{_BACK}; {release}",))


# ---------------------------------------------------------------------- rows that stay


def referenced(
    table: str, key: ForeignKey, count: int, columns: Sequence[str], keys: Sequence[str]
) -> Refusal:
    """Return that rows which stay reference rows that would go.

    `keys` are the first of those of `table`, of the columns that are named.
    """
    verb = "references" if count == 1 else "reference"
    what = f"{rows_of(count)} of {table} outside of the scenario {verb} demo rows of {key.table}"
    return _by_rows_that_stay(f"{what} that would go", table, key, count, columns, keys)


def cascading(
    table: str, key: ForeignKey, count: int, columns: Sequence[str], keys: Sequence[str]
) -> Refusal:
    """Return that more rows reference rows that the database would delete with the first ones."""
    more = f"1 more row of {table} references" if count == 1 else ""
    what = f"{more or f'{count:,} more rows of {table} reference'} rows of {key.table}"
    return _by_rows_that_stay(f"{what} that would go with them", table, key, count, columns, keys)


def _by_rows_that_stay(
    what: str,
    table: str,
    key: ForeignKey,
    count: int,
    columns: Sequence[str],
    keys: Sequence[str],
) -> Refusal:
    action = "" if key.logical else f", ON DELETE {key.on_delete}"
    return Refusal(
        "referenced by non-demo rows",
        f"{what}\n({_constraint(table, key)}{action}; {_keys(columns, keys, count)})",
        table=table,
        constraint=key.name or "",
        keys=tuple(keys),
    )


def ways_of_referenced(
    others: Collection[str], rules: Sequence[str], *, can_cascade: bool
) -> tuple[str, ...]:
    """Return the ways out where rows are referenced.

    `others` are scenarios that the referencing rows belong to, `rules` the lines under `tables:`
    that would pick these rows.
    """
    ways = [
        "--keep-referenced keeps the demo rows that they reference, and the rows that those"
        " reference (with alembic: -x demosnap.keep_referenced=1)"
    ]
    if others:
        ways.append(
            f"rows of {', '.join(sorted(others))} are among them, which --cascade does not cover:"
            f" `demosnap downgrade {min(others)} base` takes them out first, `alembic downgrade"
            " base` all scenarios at once"
        )
    if can_cascade:
        ways.append(
            "--cascade TABLE, once for each table named here, lets these rows go too, or sets their"
            " reference NULL where the constraint is SET NULL (with alembic: -x"
            " demosnap.cascade=TABLE,TABLE)"
        )
    if rules:
        ways.append(
            f"if they are demo data, have under `tables:` in demosnap.yaml: {', '.join(rules)};"
            " a capture then takes such rows, too"
        )
    return tuple(ways)


def cascaded_are_referenced(
    table: str,
    key: ForeignKey,
    lost: Sequence[str],
    columns: Sequence[str],
    keys: Sequence[str],
    count: int,
) -> Refusal:
    """Return that rows reference cascaded rows, or the columns that these lose."""
    what = f"would lose {', '.join(lost)}" if lost else "would go along"
    return Refusal(
        "cascaded rows are referenced",
        f"rows of {table} reference rows of {key.table} that {what}\n"
        f"({_constraint(table, key)}; {_keys(columns, keys, count)})",
        (f"leave {key.table} out of --cascade, or change or delete these rows first",),
        table=table,
        constraint=key.name or "",
        keys=tuple(keys),
    )


# ---------------------------------------------------------------------- rows that are not there


def reference_to_no_table(reference: ExternalReference) -> Refusal:
    """Return that the table, or a column, that rows reference is not in the database."""
    return Refusal(
        "missing reference",
        f"{_of(reference)} references {reference.references}"
        f" ({', '.join(reference.referred_columns)}), which is not in the database",
        table=reference.table,
    )


def reference_to_missing(
    reference: ExternalReference, count: int, keys: Sequence[str], *, going: bool
) -> Refusal:
    """Return that rows which the version references are not there.

    `going`: some are, and go in the same run. `keys` are the first values.
    """
    some = f"{_of(reference)} references {rows_of(count)} of {reference.references}"
    be, go, lose = ("is", "goes", "loses") if count == 1 else ("are", "go", "lose")
    shown = _keys(reference.referred_columns, keys, count)
    gone = (
        f"{some} that {be} not in the snapshot, and that {go}, or {lose} the value, in the same"
        f" run ({shown})"
    )
    way = (
        "leave out what takes them (--cascade, --only, another scenario of this run), or"
        " --keep-referenced where demo rows shall stay that others reference"
    )
    return Refusal(
        "missing reference",
        gone
        if going
        else f"{some} that {be} neither in the snapshot nor in the database ({shown})",
        (way,) if going else (),
        table=reference.table,
        keys=tuple(keys),
    )


def dangling(
    reference: ExternalReference, key: ForeignKey, count: int, keys: Sequence[str]
) -> Refusal:
    """Return that what dangled when it was captured dangles still, and is not taken."""
    was, it, this = ("was", "it", "this row")
    if count > 1:
        was, it, this = ("were", "them", "these rows")
    return Refusal(
        "missing reference",
        f"{_of(reference)} references {rows_of(count)} of {reference.references} that {was} missing"
        f" when the snapshot was captured, too, and this database takes no new row without {it}"
        f" ({_name(key)}; {_keys(reference.referred_columns, keys, count)})",
        (
            f"insert {this} into {reference.references}; or change"
            f" {', '.join(reference.columns)}, and capture the next version",
        ),
        table=reference.table,
        constraint=key.name or "",
        keys=tuple(keys),
    )


def loaded_too_late(
    reference: ExternalReference,
    key: ForeignKey,
    scenarios: tuple[str, str],
    count: int,
    keys: Sequence[str],
) -> Refusal:
    """Return that rows of two scenarios reference each other, which the database cannot load."""
    one, other = scenarios
    return Refusal(
        "missing reference",
        f"{_of(reference)} of {one} references {rows_of(count)} of {other}, which is loaded after"
        f" {one} since its rows need those of {one}; the database checks a reference as the row is"
        f" loaded ({_name(key)}; {_keys(reference.referred_columns, keys, count)})",
        ("declare the foreign key DEFERRABLE INITIALLY DEFERRED; or capture both as one scenario",),
        table=reference.table,
        constraint=key.name or "",
        keys=tuple(keys),
    )


# ---------------------------------------------------------------------- rows that would come


def not_accepted(table: str, row: str, why: str) -> Refusal:
    """Return that the database would not take a row of the snapshot, by its key."""
    return Refusal(
        "row not accepted",
        f"{table}: row {row} of the snapshot is not accepted: {why}",
        table=table,
        keys=(row,),
    )


def more_not_accepted(table: str) -> Refusal:
    """Return that there are more such rows."""
    return Refusal(
        "row not accepted",
        f"{table}: more rows of the snapshot are not accepted",
        table=table,
    )


def key_taken(
    table: str, columns: Sequence[str], count: int, keys: Sequence[str], owners: Iterable[str]
) -> Refusal:
    """Return that rows that stay have a unique key of rows to be loaded.

    `keys` are the first of them, `owners` the scenarios whose rows have them.
    """
    have = "row of the snapshot has" if count == 1 else "rows of the snapshot have"
    return Refusal(
        "key taken",
        f"{table}: {count} {have} a key that is taken by rows that stay"
        f" ({_keys(columns, keys, count)})",
        tuple(f"they belong to scenario {owner}; --only takes it out first" for owner in owners),
        table=table,
        keys=tuple(keys),
    )


def special_key_taken(table: str, key: str, rows: Sequence[str], *, more: bool) -> Refusal:
    """Return the same of a key of expressions; `rows` are pairs of rows, as text."""
    return Refusal(
        "key taken",
        f"{table}: rows of the snapshot have a key that is taken by rows that stay"
        f" ({key}: {'; '.join(rows)}{'; …' if more else ''})",
        table=table,
        constraint=key,
        keys=tuple(rows),
    )


# ---------------------------------------------------------------------- what they share


def _of(reference: ExternalReference) -> str:
    return f"{reference.table}.{', '.join(reference.columns)}"


def _name(key: ForeignKey) -> str:
    if key.logical:
        return "foreign key of demosnap.yaml"
    return f"constraint {key.name}" if key.name else "foreign key"


def _constraint(table: str, key: ForeignKey) -> str:
    return f"{_name(key)} on {table}.{', '.join(key.columns)}"


def _keys(columns: Sequence[str], keys: Sequence[str], count: int) -> str:
    more = ", …" if count > len(keys) else ""
    return f"{', '.join(columns)}: {', '.join(keys)}{more}"
