"""Files of a project in which something is wrong, and what `check` finds."""

from __future__ import annotations

import re
from pathlib import Path

from demosnap.results import Finding
from support.small import Chain

V1 = "demo_revisions/general/general_v1_2025-01-15"
V2 = "demo_revisions/general/general_v2_2025-01-20"
WRITER = "demo_revisions/writer/writer_v1_2025-03-01"
LATEST = "demo_revisions/general/latest.sql"
MANIFEST = "demo_revisions/metadata/export_manifest.json"
SCHEMAS = "demo_revisions/metadata/schema_versions.json"


def path(chain: Chain, name: str) -> Path:
    """Return the path of a file of the project."""
    return chain.workspace.folder / name


def edit(file: Path, old: str, new: str, count: int = 1) -> int:
    """Replace text that must be there, byte for byte; return the line of the first place."""
    data = file.read_bytes()
    assert data.count(old.encode()) >= 1, f"{old!r} is not in {file}"
    file.write_bytes(data.replace(old.encode(), new.encode(), count))
    return data[: data.index(old.encode())].count(b"\n") + 1


def only(findings: list[Finding], file: str, words: str, line: int | None = None) -> Finding:
    """Check that there is one finding, about a file and a line, with words; return it."""
    assert [(f.file, f.line) for f in findings] == [(file, line)], findings
    assert re.search(words, findings[0].message), findings[0].message
    return findings[0]


def of(findings: list[Finding], file: str) -> list[Finding]:
    """Return the findings about a file."""
    return [finding for finding in findings if finding.file == file]
