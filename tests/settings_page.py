"""Write what is made from the declaration of the settings: the JSON Schema, and the table of
docs/configuration.md.

Run it when a setting was added or changed: `python tests/settings_page.py`. A test says that both
are what it writes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from demosnap.config import Choices, schema
from demosnap.config.kinds import ALSO
from demosnap.config.names import yaml_item

Schema = dict[str, Any]

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "configuration.md"
FILES = [ROOT / folder / schema.FILE_NAME for folder in ("demosnap/templates", "demo_revisions")]
BEGIN = "<!-- settings, written by tests/settings_page.py -->\n"
END = "<!-- end of settings -->\n"
# What stands for any name in a path.
ANY = {
    "tables": "TABLE",
    "predicates": "NAME",
    "columns": "TABLE.COLUMN",
    "ignore": "TABLE",
    "collations": "NAME",
    "scenarios": "SCENARIO",
}


def schema_text() -> str:
    """Return the JSON Schema as the text of a file."""
    return json.dumps(made(), indent=2, ensure_ascii=False) + "\n"


def made() -> Schema:
    """Return the JSON Schema of what demosnap.yaml may hold.

    It is of draft 7, which all editors know, and has no references.
    """
    (reference,), definitions = msgspec.json.schema_components([Choices])
    found: Schema = _plain(reference, definitions)
    # A key with nothing behind it counts as left out.
    found["properties"] = {name: _or_null(one) for name, one in found["properties"].items()}
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        **found,
        "title": "demosnap.yaml",
        "description": "The settings of demosnap. Every key can be left out.",
        "type": ["object", "null"],
    }


def _plain(node: Any, definitions: Schema) -> Any:
    """Return a part of msgspec's schema with definitions in the place of references to them."""
    if isinstance(node, list):
        return [_plain(item, definitions) for item in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        struct = dict(definitions[node["$ref"].rpartition("/")[2]])
        # These are for those who read the code.
        del struct["title"], struct["description"]
        node = {**struct, **node}
        del node["$ref"]
    if any(isinstance(example, (list, dict)) for example in node.get("examples", ())):
        # Editors have no name for such an example; this key is of the YAML language server.
        node = {key: value for key, value in node.items() if key != "examples"} | {
            "defaultSnippets": [
                {"label": yaml_item(example), "body": example} for example in node["examples"]
            ]
        }
    also = node.get(ALSO, [])
    plain = {key: _plain(value, definitions) for key, value in node.items() if key != ALSO}
    if plain.get("required") == []:
        del plain["required"]
    if also and "type" in plain:
        plain["type"] = [plain["type"], *also]
    return plain


def _or_null(node: Schema) -> Schema:
    if "type" in node:
        kinds = node["type"] if isinstance(node["type"], list) else [node["type"]]
        return {**node, "type": [*kinds, "null"]}
    alternatives = node["anyOf"]
    null = {"type": "null"}
    return {**node, "anyOf": alternatives if null in alternatives else [*alternatives, null]}


def table() -> str:
    """Return the table of all settings."""
    lines = ["| Key | Value | Default | |", "|---|---|---|---|"]
    for path, node in keys(made(), ""):
        default = node.get("default")
        cells = (
            f"`{path}`",
            kind(node).replace("|", "\\|"),
            f"`{yaml_item(default)}`" if default or default is False else "",
            node["description"],
        )
        lines.append("| " + " | ".join(cells).replace("  ", " ") + " |")
    return "\n".join(lines) + "\n"


def keys(node: Schema, path: str) -> Iterator[tuple[str, Schema]]:
    """Yield each key by its path, with its schema."""
    for form in (node, *node.get("anyOf", ())):
        for name, one in form.get("properties", {}).items():
            yield f"{path}{name}", one
            yield from keys(one, f"{path}{name}.")
            yield from keys(one.get("items", {}), f"{path}{name}.")
            if name in ANY and isinstance(inner := one.get("additionalProperties"), dict):
                yield from keys(inner, f"{path}{name}.{ANY[name]}.")


def kind(node: Schema) -> str:
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
        if "title" in node["items"]:
            item = node["items"]["title"]
            return f"list of {item if '/' in item else item + 's'}"
        items = [kind(one) for one in node["items"].get("anyOf", [node["items"]])]
        items = [i if "/" in i or " " in i or i.isupper() else f"{i}s" for i in items]
        return f"list of {' or '.join(items)}"
    if types[0] == "object":
        return "keys and values"
    return str(node["title"])


def page(text: str) -> str:
    """Return the page with the table as it must be."""
    made = f"{BEGIN}{table()}{END}"
    return re.sub(f"{re.escape(BEGIN)}.*?{re.escape(END)}", lambda _: made, text, flags=re.S)


if __name__ == "__main__":
    for file in FILES:
        file.write_text(schema_text(), encoding="utf-8")
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
