"""Predicates whose matches are counted while rows are read."""

from __future__ import annotations

import collections
from collections.abc import Iterable, Sequence


class Counted:
    """Predicates, with the number of read rows for which each is true."""

    def __init__(self, predicates: Sequence[str]) -> None:
        self.flags = [f"CASE WHEN {predicate} THEN '1' ELSE '0' END" for predicate in predicates]
        """SQL expressions of one character each; a row's mark is all of them in a row."""
        self.counts = [0] * len(predicates)

    def add(self, marks: Iterable[str | bytes]) -> None:
        """Count rows by their marks."""
        for mark, rows in collections.Counter(marks).items():
            for place in range(len(self.counts)):
                if mark[place : place + 1] in ("1", b"1"):
                    self.counts[place] += rows
