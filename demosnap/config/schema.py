"""The JSON Schema of demosnap.yaml, by which editors complete it and mark what is wrong in it."""

from __future__ import annotations

import json
from typing import Any

import msgspec

from demosnap.config.choices import Choices
from demosnap.config.kinds import ALSO
from demosnap.config.names import yaml_item

FILE_NAME = "demosnap.schema.json"

Schema = dict[str, Any]


def text() -> str:
    """Return the schema as the text of a file."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


def schema() -> Schema:
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
