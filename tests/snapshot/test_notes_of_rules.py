"""The notes in a file of rules that read other tables: MySQL reads each once in a statement."""

from __future__ import annotations

import re

from demosnap import dialects
from demosnap.model import Column, ForeignKey, Header, Marker, Rule, Selection, Table
from demosnap.snapshot.header import render_header

REFERENCES: dict[str, dict[str, str]] = {
    "addresses": {},
    "labels": {"address_id": "addresses"},
    "customers": {"billing_id": "addresses", "shipping_id": "addresses"},
    "orders": {"customer_id": "customers", "address_id": "addresses"},
    "pays": {"order_id": "orders", "customer_id": "customers"},
    "refunds": {"pay_id": "pays", "order_id": "orders", "label_id": "labels"},
}
SOME = Rule("where", where="id > 1")


def via(column: str) -> Rule:
    return Rule("via", (column,))


def needed(table: str, column: str) -> Rule:
    return Rule("needed by", (column,), table=table)


RULES = {
    "addresses": Rule(
        "any",
        rules=(
            needed("customers", "billing_id"),
            needed("customers", "shipping_id"),
            needed("orders", "address_id"),
        ),
    ),
    "labels": via("address_id"),
    "customers": SOME,
    "orders": via("customer_id"),
    "pays": Rule("any", rules=(via("order_id"), Rule("all", rules=(via("customer_id"), SOME)))),
    "refunds": Rule(
        "all", rules=(Rule("any", rules=(via("pay_id"), via("order_id"))), via("label_id"))
    ),
}


def test_no_statement_reads_a_note_twice_or_before_it_is_made() -> None:
    tables = tuple(
        Table(
            name,
            (Column("id", "int", nullable=False), *(Column(column, "int") for column in keys)),
            ("id",),
            foreign_keys=tuple(ForeignKey((c,), parent, ("id",)) for c, parent in keys.items()),
        )
        for name, keys in REFERENCES.items()
    )
    rows = dict.fromkeys(RULES, 1)
    header = Header("general", "v1_2025-01-01", "2025-01-01T00:00:00Z", "mysql", tables, rows, 2)
    text = render_header(header, Selection("general", Marker(), RULES), dialects.get("mysql"))
    made: list[str] = []
    for line in text.splitlines():
        if "demosnap_picked" not in line or line.startswith("DROP"):
            continue
        read = re.findall(r"FROM (demosnap_picked_[0-9]+)\b", line)
        assert len(read) == len(set(read)), line
        assert {*read} <= {*made}, line
        made += re.findall(r"^CREATE TEMPORARY TABLE (\S+)", line)
    assert len(made) == len(set(made)) == 10
    assert text.count("DELETE FROM") == len(RULES)
