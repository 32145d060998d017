"""The date of a version: given, from the environment or now; equal dates give equal bytes."""

from __future__ import annotations

import pytest

from demosnap.errors import UsageError
from support import small
from support.small import Chain
from support.unchanged import tree, unchanged


@pytest.mark.parametrize(
    ("date", "created_at"),
    [
        ("2025-01-20", "2025-01-20T00:00:00Z"),
        ("2025-01-20T14:15:16Z", "2025-01-20T14:15:16Z"),
        ("2025-01-20 14:15", "2025-01-20T14:15:00Z"),
        ("2025-01-20T23:30:00-02:00", "2025-01-21T01:30:00Z"),
        ("2025-01-20T14:15:16.987654", "2025-01-20T14:15:16Z"),
        ("0987-06-05", "0987-06-05T00:00:00Z"),
    ],
)
def test_date_says_when_a_version_was_made(
    sqlite_seeded: Chain, date: str, created_at: str
) -> None:
    version = sqlite_seeded.project.revision("general", date=date).version
    assert (version.created_at, version.version) == (created_at, f"v1_{created_at[:10]}")
    assert sqlite_seeded.project.show("general@v1").version == version
    assert sqlite_seeded.project.check() == []


@pytest.mark.parametrize("date", ["20.1.2025", "tomorrow", "2025-02-30", "2025-01-20T25:00", ""])
def test_a_date_that_is_none_is_an_error(sqlite_seeded: Chain, date: str) -> None:
    with unchanged(sqlite_seeded), pytest.raises(UsageError, match="is not a date"):
        sqlite_seeded.project.revision("general", date=date)


def test_the_source_date_epoch_counts_where_no_date_is_given(
    sqlite_seeded: Chain, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1736937000")
    plan = sqlite_seeded.project.revision("general", date="2020-02-02", dry_run=True).plan
    assert plan.version == "v1_2020-02-02"
    version = sqlite_seeded.project.revision("general").version
    assert version.created_at == "2025-01-15T10:30:00Z"


def test_a_source_date_epoch_that_is_no_number_is_an_error(
    sqlite_seeded: Chain, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "yesterday")
    with unchanged(sqlite_seeded), pytest.raises(UsageError, match="SOURCE_DATE_EPOCH=yesterday"):
        sqlite_seeded.project.revision("general")


@pytest.mark.parametrize("by", ["date", "epoch"])
def test_two_captures_at_the_same_date_are_equal_byte_for_byte(
    seeded: Chain, monkeypatch: pytest.MonkeyPatch, by: str
) -> None:
    """Script, snapshot, metadata, link and the revision's id."""
    date = "2025-01-15T10:30:00" if by == "date" else None
    if by == "epoch":
        monkeypatch.setenv("SOURCE_DATE_EPOCH", "1736937000")
    empty = tree(seeded.workspace.folder)
    first = seeded.project.revision("general", message="same", date=date)
    written = tree(seeded.workspace.folder)
    for name in written.keys() - empty.keys():
        (seeded.workspace.folder / name).unlink()
    seeded.database.execute("DELETE FROM demosnap_version")
    second = seeded.project.revision("general", message="same", date=date)
    assert second.created
    assert tree(seeded.workspace.folder) == written
    assert second.version == first.version


def test_captures_that_differ_in_anything_have_ids_of_their_own(sqlite_chain: Chain) -> None:
    project = sqlite_chain.project
    ids = {entry.version.revision for entry in project.history()}
    for date in ("2025-02-01", "2025-02-02", "2025-02-02T00:00:01"):
        ids.add(project.revision("general", allow_empty=True, date=date).version.revision)
    sqlite_chain.database.execute(*small.WRITER)
    ids.add(project.revision("writer", date="2025-02-02").version.revision)
    assert len(ids) == 6
    assert len({revision.rpartition("_")[2] for revision in ids}) == 6
