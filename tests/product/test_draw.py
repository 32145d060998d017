"""Long tests run on fewer databases, and still on each."""

from __future__ import annotations

from collections import Counter

from support.databases import DATABASES
from support.draw import left_out


def names(test: str, cases: int) -> list[str]:
    return [f"tests/test_a.py::{test}[{name}-case{n}]" for name in DATABASES for n in range(cases)]


def test_each_case_runs_once_and_each_database_has_cases() -> None:
    all_names = names("test_one", 7)
    drawn = [name for name in all_names if name not in left_out(all_names)]
    assert sorted(name.rpartition("-")[2] for name in drawn) == [f"case{n}]" for n in range(7)]
    counted = Counter(name.partition("[")[2].partition("-")[0] for name in drawn)
    assert sorted(counted.values()) == [2, 2, 3]


def test_tests_without_cases_begin_on_different_databases() -> None:
    of_many = [f"tests/test_a.py::test_{n}[{name}]" for n in range(30) for name in DATABASES]
    drawn = [name for name in of_many if name not in left_out(of_many)]
    assert len(drawn) == 30
    assert {name.partition("[")[2] for name in drawn} == {f"{name}]" for name in DATABASES}


def test_the_only_database_has_every_case_and_other_tests_are_not_looked_at() -> None:
    assert left_out(name for name in names("test_one", 7) if "mariadb" in name) == set()
    assert left_out(["tests/test_a.py::test_b", "tests/test_a.py::test_sqlite[x]"]) == set()
