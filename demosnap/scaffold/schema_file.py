"""The JSON Schema beside demosnap.yaml, which editors use to check that file."""

from __future__ import annotations

import os
from pathlib import Path

from demosnap.config import ini, schema
from demosnap.config.names import shown

LINE = f"# yaml-language-server: $schema={schema.FILE_NAME}"
"""The line of demosnap.yaml that refers editors to the schema."""


def proposal(yaml_file: Path) -> list[str]:
    """Return how to refer editors to the schema; empty if demosnap.yaml already does."""
    if "$schema=" in yaml_file.read_text(encoding="utf-8", errors="replace"):
        return []
    return [f"Editors complete {shown(yaml_file)} if this is its first line:\n{LINE}"]


def renew(
    config_file: str | os.PathLike[str] | None = None, section: str | None = None
) -> tuple[str, bool]:
    """Write the schema beside demosnap.yaml; return the file, and whether it changed.

    demosnap.yaml itself is not read, and may be invalid.

    Raises:
        ConfigError: alembic.ini is missing or invalid.
        DemosnapError: the file cannot be written.
    """
    from demosnap.revisions import revision_files

    file = ini.find(config_file)
    _, folder = ini.locations(file, ini.choose_section(file, section))
    path = folder / schema.FILE_NAME
    text = schema.text()
    if path.is_file() and path.read_bytes() == text.encode():
        return shown(path), False
    revision_files.write(path, text)
    return shown(path), True
