"""The JSON Schema of demosnap.yaml, for completion and error marks in editors.

The file is generated when the declaration changes, and not at run time, since msgspec's output
differs between its versions.
"""

from __future__ import annotations

from importlib import resources

FILE_NAME = "demosnap.schema.json"


def text() -> str:
    """Return the text of the file."""
    return resources.files("demosnap.templates").joinpath(FILE_NAME).read_text(encoding="utf-8")
