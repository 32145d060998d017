"""Declared types from YAML: every kind of value, and what is said where one does not fit."""

from __future__ import annotations

from typing import Annotated, Literal

import pytest
from msgspec import Meta, Struct

from demosnap.config import nodes
from demosnap.config.kinds import Misfit, Name
from demosnap.config.reading import Reader
from demosnap.errors import ConfigError


class Part(Struct, frozen=True, forbid_unknown_fields=True):
    """A section of a list."""

    name: Name
    size: Annotated[int, Meta(ge=1, le=9)] = 1


class Whole(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A file with all kinds of values."""

    share: Annotated[float, Meta(gt=0, lt=1)] = 0.5
    mode: bool | Literal["auto"] | None = None
    parts: Annotated[tuple[Part, ...], Meta(max_length=2)] = ()
    counts: dict[str, int] = {}
    words: Annotated[tuple[Literal["x", "y", "z"], ...], Meta(min_length=1)] = ("x",)

    def __post_init__(self) -> None:
        """Refuse what a test says."""
        if "no" in self.counts:
            raise Misfit(" counts no", "counts", "no", about=("counts",), hint="Do not.")


def read(text: str) -> Whole:
    node = nodes.compose(text.encode(), "file.yaml")
    assert node is not None
    return Reader("file.yaml").struct(node, Whole)


def test_every_kind_of_value() -> None:
    assert read(
        "share: 0.25\nmode: auto\nparts: [{name: on, size: 0x5}, {name: 1}]\n"
        "counts: {a: 1, on: 1_000}\nwords: [y, x]"
    ) == Whole(
        share=0.25,
        mode="auto",
        parts=(Part("on", 5), Part("1")),
        counts={"a": 1, "on": 1000},
        words=("y", "x"),
    )
    assert [read(f"mode: {text}").mode for text in ("yes", "~", "auto")] == [True, None, "auto"]
    assert read("share: 5.0e-1") == Whole()


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("share: a", 1, "share must be a number"),
        ("share: 1", 1, "share must be less than 1"),
        ("share: 0.0", 1, "share must be more than 0"),
        ("share: .nan", 1, "share must be more than 0"),
        ("mode: 1", 1, "mode must be true or false, or auto"),
        ("mode: aut", 1, "mode: 'aut' is not auto; did you mean 'auto'?"),
        ("parts: {name: a}", 1, "parts must be a list"),
        ("parts:\n  - name: a\n  - nam: b", 3, "unknown key 'parts.nam'; did you mean 'name'?"),
        ("parts:\n  - name: a\n  - size: 2", 3, "an entry of parts needs name"),
        ("parts: [{name: a, size: 0}]", 1, "parts.size must be at least 1"),
        ("parts: [{name: a, size: 10}]", 1, "parts.size must be at most 9"),
        ("parts: [{name: a, size: 1.5}]", 1, "parts.size must be a whole number"),
        ("parts: [{name: a, size: true}]", 1, "parts.size must be a whole number"),
        ("parts: [{name: a}, {name: b}, {name: c}]", 1, "parts must have at most 2 entries"),
        ("counts: {a: '1'}", 1, "counts.a must be a whole number"),
        ("counts: {a: !!int b}", 1, "counts.a must be a whole number"),
        ("counts:\n  yes: 1\n  no: 1", 3, "counts counts no\nDo not."),
        ("words: []", 1, "words is empty"),
        ("words: [x, w]", 1, "an entry of words: 'w' is neither x, y nor z"),
        ("words: [[x]]", 1, "an entry of words must be x, y or z"),
    ],
)
def test_an_error_has_the_line_of_its_value(text: str, line: int, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read(text)
    assert str(caught.value).startswith(f"file.yaml:{line}: {message}")
