"""Comparing, resetting and moving between versions of which little or much differs.

One database, with rows that are no demo rows beside the demo rows, and versions of these of which
a share differs from the one before. After each change every row of the database is compared,
those that are no demo rows too.
"""

from __future__ import annotations

import contextlib
import functools
import subprocess
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks import data, databases
from benchmarks.databases import Database
from benchmarks.measure import BenchmarkError, Contender, Group
from benchmarks.projects import COMMAND, Workspace

SHARES = (1, 50)
"""How many per cent of the demo rows differ between v1 and v2, v2 and v3."""

SHA256SUM, DIFF = "sha256sum of both", "diff"

_FAR = 100_000_000
"""Above every key, for the keys of rows that are added."""

_DRIFT = "It's another title"


def group_name(dialect: str, share: int) -> str:
    """Return the name of the group of diffs between versions of which so much differs."""
    return f"{dialect} diff of {share} %"


def _change(share: int, first: int, title: str) -> tuple[str, ...]:
    """Return statements that change a share of the demo rows, of those that begin at a key.

    Of the changed rows one in ten is removed, and another is added for it.
    """
    # Only odd keys are demo rows.
    step = 200 // share
    modified = f"id % {step} = {first} AND id < {_FAR}"
    moved = f"id % {step * 10} = {first} AND id < {_FAR}"
    columns = ", ".join(data.COLUMNS["fragments"][1:])
    text = title.replace("'", "''")
    return (
        f"UPDATE fragments SET title = '{text}', inbox_status = 'done' WHERE {modified}",
        f"INSERT INTO fragments (id, {columns})"
        f" SELECT id + {_FAR}, {columns} FROM fragments WHERE {moved}",
        f"DELETE FROM fragments WHERE {moved}",
    )


@dataclass
class _Place:
    """The database, its project and the digest of all rows at each version."""

    database: Database
    workspace: Workspace
    versions: Sequence[str]
    digests: dict[str, str] = field(default_factory=dict)

    @property
    def head(self) -> str:
        return self.versions[-1]

    def at(self, version: str) -> Callable[[], None]:
        """Return what brings the database to a version, if it is not there."""

        def prepare() -> None:
            stamps = self.database.found.rows("SELECT version_num FROM demosnap_version")
            if not any(stamp.startswith(f"general_{version}_") for (stamp,) in stamps):
                self.workspace.project(self.database.url).load(f"general@{version}")
            self.database.settle()

        return prepare

    def drifted(self, share: int) -> Callable[[], None]:
        """Return what brings the database to the head and then changes some of its rows."""

        def prepare() -> None:
            self.at(self.head)()
            self.database.found.execute(*_change(share, 3, _DRIFT))
            text = _DRIFT.replace("'", "''")
            sql = f"SELECT COUNT(*) FROM fragments WHERE title = '{text}'"
            if self.database.found.rows(sql) == [(0,)]:
                raise BenchmarkError("there are too few rows to change any")
            self.database.settle()

        return prepare

    def restore(self) -> None:
        """Bring the database to the head, after a drift."""
        self.workspace.project(self.database.url).reset("general")

    def contender(
        self,
        name: str,
        *arguments: str,
        before: Callable[[], None],
        after: str,
        code: int = 0,
        restored: bool = True,
    ) -> Contender:
        """Return a command that leaves the database at a version; not `restored`: drifted."""

        def check() -> None:
            if not restored:
                self.restore()
            self.database.expect(self.digests[after], name)

        url = self.database.url
        return self.workspace.contender(
            name, url, *arguments, prepare=before, check=check, codes=(code,)
        )


def groups(
    dialect: str,
    total: int,
    folder: Path,
    stack: contextlib.ExitStack,
    shares: Sequence[int] = SHARES,
) -> list[Group]:
    """Return what is measured on a database, of which the wide table has `total` rows."""
    database = databases.make(dialect, folder, "difference", stack)
    database.fill(total)
    workspace = Workspace(folder / "difference-project")
    place = _Place(database, workspace, [f"v{n}" for n in range(1, len(shares) + 2)])
    for version, share in zip(place.versions, (None, *shares), strict=True):
        if share is not None:
            database.found.execute(*_change(share, 1, f"It's {version}"))
            database.settle()
        workspace.project(database.url).revision("general", message=version)
        place.digests[version] = database.digest()
    rows = total // 2
    steps = list(zip(shares, place.versions, place.versions[1:], strict=False))
    return [
        *(
            Group(group_name(dialect, share), list(_diffs(place, old, new)), rows)
            for share, old, new in steps
        ),
        Group(f"{dialect} status and reset", list(_resets(place, shares)), rows),
        Group(f"{dialect} moves", list(_moves(place, steps)), rows),
    ]


def _diffs(place: _Place, old: str, new: str) -> Iterator[Contender]:
    files = [str(_snapshot(place.workspace, version)) for version in (old, new)]
    yield Contender(SHA256SUM, ("sha256sum", *files))
    for name, option in ((DIFF, "--format=text"), (f"{DIFF} --stat", "--stat")):
        yield place.workspace.contender(
            name,
            place.database.url,
            *("diff", "general", old, new, option),
            stdout=place.workspace.folder / "diff.txt",
        )


def _snapshot(workspace: Workspace, version: str) -> Path:
    (found,) = (workspace.revisions / "general").glob(f"general_{version}_*.sql")
    return found


def _resets(place: _Place, shares: Sequence[int]) -> Iterator[Contender]:
    head = place.head
    at = place.at(head)
    yield place.contender("current", "current", before=at, after=head)
    yield place.contender("upgrade at the head", "upgrade", "general@head", before=at, after=head)
    status = ("status", "--exit-code")
    yield place.contender("status, 0 %", *status, before=at, after=head)
    for share in shares:
        drifted = place.drifted(share)
        yield place.contender(
            f"status, {share} %", *status, before=drifted, after=head, code=3, restored=False
        )
        yield place.contender(f"reset, {share} %", "reset", "general", before=drifted, after=head)


def _moves(place: _Place, steps: Sequence[tuple[int, str, str]]) -> Iterator[Contender]:
    # In this order each finds the database where the one before left it.
    for share, old, new in reversed(steps):
        down = ("downgrade", "general", old)
        yield from _both_ways(place, f"downgrade, {share} %", down, new, old)
    for share, old, new in steps:
        up = ("upgrade", f"general@{new}")
        yield from _both_ways(place, f"upgrade, {share} %", up, old, new)


def _both_ways(
    place: _Place, name: str, words: Sequence[str], old: str, new: str
) -> Iterator[Contender]:
    yield place.contender(name, *words, before=place.at(old), after=new)
    if _knows_full():
        full = f"{name}, --full"
        yield place.contender(full, *words, "--full", before=place.at(old), after=new)


@functools.cache
def _knows_full() -> bool:
    command = [*COMMAND, "upgrade", "--help"]
    return "--full" in subprocess.run(command, capture_output=True, text=True, check=True).stdout
