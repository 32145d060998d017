"""What runs of long tests: each case on one database, the next one on the next database,
and less of what is drawn at random."""

from __future__ import annotations

import os
import re
import zlib
from collections.abc import Iterable

from support.databases import DATABASES

_DATABASE = re.compile(rf"(?<=[\[-])({'|'.join(DATABASES)})(?=[\]-])")


def is_long() -> bool:
    """Return whether all is to run."""
    return os.environ.get("DEMOSNAP_TEST_LONG") == "1"


def examples(whole: int) -> int:
    """Return how many random examples to try: a third of `whole` where not all is to run."""
    return whole if is_long() else -(-whole // 3)


def left_out(names: Iterable[str]) -> set[str]:
    """Return the names of tests that are not drawn, of pytest's names of those that are long.

    Of the databases that are among the names, each case has one, in turn. With which one a test
    begins depends on its name alone.
    """
    tests: dict[str, dict[str, list[str]]] = {}
    for name in names:
        found = _DATABASE.search(name)
        if found is not None:
            test, case = name.partition("[")[0], name[: found.start()] + name[found.end() :]
            tests.setdefault(test, {}).setdefault(case, []).append(name)
    left: set[str] = set()
    for test, cases in tests.items():
        for turn, same in enumerate(cases.values(), zlib.crc32(test.encode())):
            left.update(same)
            left.discard(same[turn % len(same)])
    return left
