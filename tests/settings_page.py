"""Write what is made from the declaration of the settings: the JSON Schema, and the table of
docs/configuration.md.

Run it when a setting was added or changed: `python tests/settings_page.py`. A test says that both
are what it writes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from demosnap.config import schema
from demosnap.config.names import yaml_item

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "configuration.md"
FILES = [ROOT / folder / schema.FILE_NAME for folder in ("demosnap/templates", "demo_revisions")]
BEGIN = "<!-- settings, written by tests/settings_page.py -->\n"
END = "<!-- end of settings -->\n"
# What stands for any name in a path.
ANY = {"tables": "TABLE", "scenarios": "SCENARIO"}


def table() -> str:
    """Return the table of all settings."""
    lines = ["| Key | Value | Default | |", "|---|---|---|---|"]
    for path, node in keys(schema.schema(), ""):
        default = node.get("default")
        cells = (
            f"`{path}`",
            kind(node).replace("|", "\\|"),
            f"`{yaml_item(default)}`" if default or default is False else "",
            node["description"],
        )
        lines.append("| " + " | ".join(cells).replace("  ", " ") + " |")
    return "\n".join(lines) + "\n"


def keys(node: dict[str, Any], path: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield each key by its path, with its schema."""
    for form in (node, *node.get("anyOf", ())):
        for name, one in form.get("properties", {}).items():
            yield f"{path}{name}", one
            yield from keys(one, f"{path}{name}.")
            if isinstance(inner := one.get("additionalProperties"), dict):
                yield from keys(inner, f"{path}{name}.{ANY[name]}.")


def kind(node: dict[str, Any]) -> str:
    """Return the kind of value in words."""
    if "anyOf" in node:
        kinds = [kind(one) for one in node["anyOf"] if one != {"type": "null"}]
        return ", or ".join(kinds)
    if "enum" in node:
        return ", ".join(f"`{word}`" for word in node["enum"])
    types = node["type"] if isinstance(node["type"], list) else [node["type"]]
    if types[0] == "boolean":
        return "`true`, `false`"
    if types[0] == "array":
        item = kind(node["items"])
        return f"list of {item if '/' in item else item + 's'}"
    if types[0] == "object":
        return "keys and values"
    return str(node["title"])


def page(text: str) -> str:
    """Return the page with the table as it must be."""
    made = f"{BEGIN}{table()}{END}"
    return re.sub(f"{re.escape(BEGIN)}.*?{re.escape(END)}", lambda _: made, text, flags=re.S)


if __name__ == "__main__":
    for file in FILES:
        file.write_text(schema.text(), encoding="utf-8")
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
