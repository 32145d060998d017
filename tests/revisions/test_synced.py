"""What is written is on the disk: the file before it has its name, and then the folder."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from demosnap.revisions import journal, revision_files


@pytest.fixture
def synced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, list[str]]]:
    """What was synced, in order, each with what the folder held at that moment."""
    seen: list[tuple[str, list[str]]] = []
    sync = os.fsync

    def noting(handle: int) -> None:
        sync(handle)
        one = os.fstat(handle)
        there = {path.stat().st_ino: path.name for path in tmp_path.iterdir()}
        name = "." if one.st_ino == tmp_path.stat().st_ino else there[one.st_ino]
        seen.append((name, sorted(there.values())))

    monkeypatch.setattr(os, "fsync", noting)
    return seen


def test_the_folder_is_synced_when_a_file_has_its_name(
    tmp_path: Path, synced: list[tuple[str, list[str]]]
) -> None:
    revision_files.write(tmp_path / "v1.py", "text")
    (beside, at_first), last = synced
    assert beside != "v1.py"
    assert at_first == [beside]
    assert last == (".", ["v1.py"])


def test_a_change_of_several_files_syncs_before_and_after_what_goes(
    tmp_path: Path, synced: list[tuple[str, list[str]]]
) -> None:
    for name in ("old", "beside"):
        (tmp_path / name).write_text(name)
    told = journal.text(tmp_path, [(tmp_path / "beside", tmp_path / "new")], [tmp_path / "old"])
    (tmp_path / journal.NAME).write_text(told)
    assert journal.finish(tmp_path)
    # Nothing goes before what is new is on the disk in its place.
    assert synced == [(".", [journal.NAME, "new", "old"]), (".", [journal.NAME, "new"])]
    assert not journal.finish(tmp_path)
