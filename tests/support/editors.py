"""What an editor sees of demosnap.yaml: YAML 1.2's values, held against the JSON Schema."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import yaml
from jsonschema import Draft7Validator

from demosnap.config import choices, schema

VALIDATOR = Draft7Validator(json.loads(schema.text()))
_WORDS = {"true": True, "false": False, "null": None, "~": None, "": None}


def value(text: str) -> object:
    """Return the value of a text as YAML 1.2 has it: `on` is a text, and so are dates.

    Raises:
        ValueError: it is no YAML, or holds itself.
    """
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        raise ValueError(str(error)) from None
    return None if node is None else _value(node, ())


def _value(node: yaml.Node, above: tuple[yaml.Node, ...]) -> object:
    if node in above:
        raise ValueError("it holds itself")
    above = (*above, node)
    if isinstance(node, yaml.MappingNode):
        return {str(key.value): _value(one, above) for key, one in node.value}
    if isinstance(node, yaml.SequenceNode):
        return [_value(one, above) for one in node.value]
    assert isinstance(node, yaml.ScalarNode)
    if node.style in ("'", '"', "|", ">"):
        return node.value
    if node.value.lower() in _WORDS:
        return _WORDS[node.value.lower()]
    for pattern, kind in ((r"[-+]?[0-9]+", int), (r"[-+]?([0-9]+\.[0-9]*|\.[0-9]+)", float)):
        if re.fullmatch(pattern, node.value):
            return kind(node.value)
    return node.value


@functools.cache
def problems(text: str) -> tuple[str, ...]:
    """Return what an editor marks as wrong."""
    return tuple(error.message for error in VALIDATOR.iter_errors(value(text)))


@contextmanager
def watching() -> Iterator[None]:
    """Hold every demosnap.yaml that is read without a complaint against the schema."""
    parse = choices.parse

    def watched(data: bytes, file: str, namespace: str | None = None) -> choices.Found:
        found = parse(data, file, namespace)
        assert not problems(data.decode().removeprefix("\ufeff")), data.decode()
        return found

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(choices, "parse", watched)
        yield
