"""The JSON Schema beside demosnap.yaml, by which editors know what that file may hold."""

from __future__ import annotations

import os
from pathlib import Path

from demosnap.config import ini, schema
from demosnap.config.names import shown

LINE = f"# yaml-language-server: $schema={schema.FILE_NAME}"
"""The line of demosnap.yaml by which editors find it."""


def proposal(yaml_file: Path) -> list[str]:
    """Return what to do so that editors find the schema, nothing where demosnap.yaml says it."""
    if "$schema=" in yaml_file.read_text(encoding="utf-8", errors="replace"):
        return []
    return [f"Editors complete {shown(yaml_file)} if this is its first line:\n{LINE}"]


def renew(
    config_file: str | os.PathLike[str] | None = None, section: str | None = None
) -> tuple[str, bool]:
    """Write the schema beside demosnap.yaml; return the file, and whether it was another one.

    demosnap.yaml itself is not read, and may be wrong.

    Raises:
        ConfigError: alembic.ini is missing or broken.
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
