"""What demosnap is to reach, as data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from benchmarks import difference, growth, history
from benchmarks.measure import Result

READ = "sqlite3 .read"
PYMYSQL, MYSQLCLIENT = "demosnap (PyMySQL)", "demosnap (mysqlclient)"
MEGABYTE = 1e6


@dataclass(frozen=True)
class Target:
    """At most `most`: seconds, or the ratio to `against` in the same group, or megabytes.

    `memory` says that it is about peak memory; its ratio is that of the greatest peaks, and
    `beyond` the difference to that of `against`.
    """

    group: str
    contender: str
    most: float
    against: str | None = None
    memory: bool = False
    beyond: bool = False

    def measured(self, results: Mapping[str, Result]) -> float | None:
        """Return what was measured; None: it was not."""
        result = results.get(self.group)
        if result is None or self.contender not in result.samples:
            return None
        if self.against is None:
            if self.memory:
                return result.memory(self.contender) / MEGABYTE
            return result.seconds(self.contender)
        if self.against not in result.samples:
            return None
        if self.beyond:
            more = result.memory(self.contender) - result.memory(self.against)
            return more / MEGABYTE
        if self.memory:
            return result.memory(self.contender) / result.memory(self.against)
        return result.ratio(self.contender, self.against)

    @property
    def unit(self) -> str:
        """What stands after a figure."""
        if self.memory and (self.beyond or self.against is None):
            return " MB"
        return " s" if self.against is None else " ×"

    @property
    def text(self) -> str:
        """The limit in words."""
        if self.beyond:
            return f"{self.most:.0f} MB beyond {self.against}"
        if self.against is not None:
            what = "the memory of " if self.memory else ""
            return f"{self.most:.2f} × {what}{self.against}"
        return f"{self.most:.0f} MB" if self.memory else f"{self.most:.1f} s"


@dataclass(frozen=True)
class Outcome:
    """A target and what was measured."""

    target: Target
    measured: float

    @property
    def met(self) -> bool:
        """Whether the target is reached."""
        return self.measured <= self.target.most


def _counts(name: str) -> str:
    return f"{name}, --verify counts"


def _full(name: str) -> str:
    return f"{name}, --verify full"


# A full verification is under 30 % of its load.
_SHARE = 1 / 0.7

TARGETS = (
    Target("postgresql capture", "demosnap", 0.80, "pg_dump --inserts"),
    Target("postgresql capture", "demosnap", 1.20, "psql \\copy"),
    Target("postgresql load", _counts("demosnap"), 1.15, "psql \\copy"),
    Target("postgresql load", _full("demosnap"), 1.45, "psql \\copy"),
    Target("mariadb capture", MYSQLCLIENT, 1.40, "mysqldump --where"),
    Target("mariadb capture", PYMYSQL, 1.90, "mysqldump --where"),
    *(
        Target("mariadb load", _counts(name), 0.80, "mysql < dump")
        for name in (MYSQLCLIENT, PYMYSQL)
    ),
    Target("sqlite capture", "demosnap", 1.30, "sqlite3 .mode insert"),
    Target("sqlite load", _counts("demosnap"), 0.85, READ),
    Target("sqlite load", _counts("demosnap"), 2.00, "ATTACH, INSERT SELECT"),
    *(
        Target(group, _full(name), _SHARE, _counts(name))
        for group, name in (
            ("postgresql load", "demosnap"),
            ("mariadb load", MYSQLCLIENT),
            ("mariadb load", PYMYSQL),
            ("sqlite load", "demosnap"),
        )
    ),
    Target("many versions", "upgrade general@head", 0.6),
    Target("many versions", "current", 0.6),
    Target("many versions", "history", 1.2),
    Target("start-up", "demosnap --help", 2.00, history.CLICK),
    Target("start-up", "completion of a version", 0.5),
    *(
        Target(difference.group_name(dialect, 1), difference.DIFF, 4.00, difference.SHA256SUM)
        for dialect in ("sqlite", "postgresql", "mariadb")
    ),
)


def outcomes(results: Mapping[str, Result]) -> list[Outcome]:
    """Return the targets of what was measured, those of memory last."""
    return [
        Outcome(target, measured)
        for target in (*TARGETS, *_memory(results))
        if (measured := target.measured(results)) is not None
    ]


def _memory(results: Mapping[str, Result]) -> Iterator[Target]:
    for group, result in results.items():
        if group.endswith((" capture", " load")):
            for name in result.samples:
                if name.startswith("demosnap"):
                    # SQLite's page cache is in the process, and as large for its own shell.
                    other = READ if group == "sqlite load" else None
                    yield Target(group, name, 80, other, memory=True, beyond=other is not None)
        if group.endswith(" growth"):
            # SQLite's page cache grows with what is loaded, up to its bound: see above.
            for verb in ("capture",) if group.startswith("sqlite") else ("capture", "load"):
                names = [name for name in result.samples if name.startswith(verb)]
                yield Target(group, names[-1], 80, memory=True)
                base = growth.name(verb, 100_000)
                if base in names[:-1]:
                    # The same, as far as two runs of one command are.
                    yield Target(group, names[-1], 1.05, base, memory=True)
