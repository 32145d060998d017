"""The repository's own project: what demosnap itself writes, and in order."""

from __future__ import annotations

from pathlib import Path

from make_demo_revisions import NAMES, ROOT, make

from demosnap.project import Project


def _files(folder: Path) -> dict[str, bytes | str]:
    """Return the content of the project's files, and the targets of its links."""
    found: dict[str, bytes | str] = {}
    for name in NAMES:
        paths = [folder / name, *(folder / name).rglob("*")]
        for path in paths:
            relative = path.relative_to(folder).as_posix()
            if "__pycache__" in relative or relative.endswith(".lock"):
                continue
            if path.is_symlink():
                found[relative] = str(path.readlink())
            elif path.is_file():
                found[relative] = path.read_bytes()
    return found


def test_the_repositorys_project_is_what_demosnap_writes(tmp_path: Path) -> None:
    """init, four captures and the example's seeder give it again, byte for byte."""
    make(tmp_path)

    assert _files(tmp_path) == _files(ROOT)


def test_the_repositorys_project_is_in_order() -> None:
    """`check` finds nothing, and the numbers are those that the export was asked for with."""
    project = Project(ROOT / "alembic.ini")

    assert project.check() == []
    rows = {f"{e.version.scenario} {e.version.version}": e.version.rows for e in project.heads()}
    assert list(rows) == [
        "developer v1_2025-01-15",
        "general v2_2025-01-20",
        "writer v1_2025-01-15",
    ]
    general = rows["general v2_2025-01-20"]
    assert (general["fragments"], general["todos"], general["chat_sessions"]) == (180, 105, 12)
    first = project.show("general@v1").version.rows
    assert dict(first) == {
        "vaults": 2,
        "projects": 4,
        "fragments": 175,
        "chat_sessions": 10,
        "contacts": 25,
        "todos": 100,
    }
