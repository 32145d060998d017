"""The JSON Schema of demosnap.yaml, for completion and error marks in editors.

The file is made from the declaration when that changes, and not when it is wanted: what msgspec
makes of the declaration differs from one of its versions to another.
"""

from __future__ import annotations

from importlib import resources

FILE_NAME = "demosnap.schema.json"


def text() -> str:
    """Return the text of the file."""
    return resources.files("demosnap.templates").joinpath(FILE_NAME).read_text(encoding="utf-8")
