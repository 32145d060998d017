"""Read values of declared types from the nodes of a YAML file, with errors of one clear line.

msgspec checks single values. This module leads it through the nodes, since a name is read as
written (a table may be called `on` or `1`, so whether a scalar is text depends on its setting) and
an error names the line of its node.
"""

from __future__ import annotations

import operator
import types
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Annotated, Any, Literal, NamedTuple, TypeVar, Union, cast, get_args, get_origin

import msgspec
import yaml
from msgspec import Meta, Struct, UnsetType

from demosnap.config import nodes
from demosnap.config.kinds import Misfit
from demosnap.config.names import yaml_item
from demosnap.errors import ConfigError, did_you_mean

Path = tuple[str, ...]
Hint = Callable[[], "str | None"]
"""A function that returns what to write instead; called only for an error."""
_S = TypeVar("_S", bound=Struct)

_MUST = {
    bool: "must be true or false",
    int: "must be a whole number",
    float: "must be a number",
    str: "must be a text",
    tuple: "must be a list",
    dict: "must hold keys and values",
    Struct: "must hold keys and values",
}


def _no_hint() -> None:
    return None


class _Type(NamedTuple):
    """A type that a value may have, without its annotations, and these, outermost first."""

    bare: Any
    metas: tuple[Meta, ...] = ()

    @property
    def kind(self) -> Any:
        """The key of `_MUST`, or `Literal`."""
        if isinstance(self.bare, type) and issubclass(self.bare, Struct):
            return Struct
        return get_origin(self.bare) or self.bare

    def extra(self, name: str) -> Any:
        """Return an attribute of the annotations beyond msgspec's own."""
        said = (meta.extra[name] for meta in self.metas if meta.extra and name in meta.extra)
        return next(said, None)

    @property
    def examples(self) -> Sequence[object]:
        """The examples of the outermost annotation that has any."""
        return next((meta.examples for meta in self.metas if meta.examples), ())

    @property
    def words(self) -> tuple[str, ...]:
        """The words of a literal type."""
        return get_args(self.bare) if self.kind is Literal else ()


def _alternatives(declared: Any, metas: tuple[Meta, ...] = ()) -> list[_Type]:
    """Return the types of a declaration, in its order."""
    if get_origin(declared) is Annotated:
        bare, *inner = get_args(declared)
        return _alternatives(bare, (*metas, *inner))
    if get_origin(declared) in (Union, types.UnionType):
        return [
            one
            for member in get_args(declared)
            if member is not UnsetType
            for one in _alternatives(member, metas)
        ]
    return [_Type(declared, metas)]


class Reader:
    """Reader of a file's nodes; it raises a ConfigError with the line of an invalid value.

    `lines` has the line of each key and list entry that was read, by its path. `namespace` is left
    out of the names of tables, and `qualified` says whether any of them had a namespace.
    """

    def __init__(self, file: str, namespace: str | None = None) -> None:
        self.file = file
        self.namespace = namespace
        self.qualified = False
        self.lines: dict[Path, int] = {}

    def struct(
        self,
        node: yaml.Node,
        struct: type[_S],
        path: Path = (),
        hint: Hint = _no_hint,
        *,
        label: str = "",
        skip_empty: bool = False,
    ) -> _S:
        """Read a mapping whose keys are the fields of a struct.

        `label` names it in messages (default: its path). `skip_empty`: a key without a value
        counts as left out.

        Raises:
            ConfigError: it is not a mapping, or contains an invalid key or value.
        """
        fields = {field.encode_name: field for field in msgspec.structs.fields(struct)}
        values: dict[str, object] = {}
        line = nodes.line(node)
        if not label or label == _shown(path):
            line = self.lines.get(path, line)
        if not path:
            first = next(iter(fields))
            hint = partial(_hint, _alternatives(fields[first].type)[0], (first,))
        for name, value in self._entries(node, path, hint, list(fields)):
            if skip_empty and nodes.is_null(value):
                continue
            values[fields[name].name] = self._value(value, fields[name].type, (*path, name))
        for name, field in fields.items():
            if field.required and field.name not in values:
                what = label or _shown(path) or "the file"
                raise ConfigError(f"{what} needs {name}", self.file, line, hint())
        try:
            return struct(**values)
        except Misfit as misfit:
            raise self._misfit(misfit, path, line) from None

    def _value(self, node: yaml.Node, declared: Any, path: Path, label: str = "") -> object:
        """Read a value; `label` names it in messages (default: its path)."""
        label = label or _shown(path)
        alternatives = _alternatives(declared)
        if nodes.is_null(node) and any(one.bare is type(None) for one in alternatives):
            return None
        chosen = _chosen(node, alternatives)
        if chosen is None:
            raise self._unfit(node, alternatives, path, label)
        if chosen.kind is Struct:
            return self.struct(node, chosen.bare, path, partial(_hint, chosen, path), label=label)
        if chosen.kind is Literal:
            return self._word(node, alternatives, chosen, path, label)
        if chosen.kind is str:
            return self._text(node, chosen, path, label)
        if chosen.kind is dict:
            return self._dict(node, chosen, path)
        if chosen.kind is tuple:
            return self._tuple(node, chosen, path, label)
        try:
            value = yaml.constructor.SafeConstructor().construct_document(node)
        except (ValueError, KeyError, yaml.YAMLError):
            # A tag that was written by hand does not fit its value.
            raise self._unfit(node, [chosen], path, label) from None
        return self._judged(value, node, chosen, label)

    def _entries(
        self, node: yaml.Node, path: Path, hint: Hint, known: list[str] | None = None
    ) -> Iterable[tuple[str, yaml.Node]]:
        """Yield names and values of a mapping; `known` are the valid names."""
        if not isinstance(node, yaml.MappingNode):
            label = _shown(path) or "the file"
            raise self._error(node, f"{label} {_MUST[dict]}", hint())
        there: dict[str, int] = {}
        for key, value in node.value:
            label = f"a key of {_shown(path)}" if path else "a key"
            name = self._text(key, _Type(str), path, label)
            full = (*path, name)
            if name in there:
                raise self._error(
                    key, f"{_shown(full)} is defined twice, first in line {there[name]}"
                )
            if known is not None and name not in known:
                raise self._error(
                    key,
                    f"unknown key {_shown(full)!r}{did_you_mean(name, known)}",
                    f"Known: {', '.join(known)}.",
                )
            there[name] = self.lines[full] = nodes.line(key)
            yield name, value

    def _dict(self, node: yaml.Node, chosen: _Type, path: Path) -> dict[str, object]:
        key_type, value_type = get_args(chosen.bare)
        (named,) = _alternatives(key_type)
        values = {}
        for name, value in self._entries(node, path, partial(_hint, chosen, path)):
            full = (*path, name)
            self._check(name, named, path, self.lines[full])
            local = self._local(name, named)
            if local in values:
                raise ConfigError(
                    f"{_shown(full)} names the table {local} again", self.file, self.lines[full]
                )
            known_as = (*path, local)
            self.lines[known_as] = self.lines[full]
            values[local] = self._value(value, value_type, known_as)
        return values

    def _local(self, name: str, chosen: _Type) -> str:
        """Return a table's name without its namespace, if that is the reader's."""
        apart = chosen.extra("apart")
        if apart is None:
            return name
        namespace, rest = apart(name)
        self.qualified = self.qualified or namespace is not None
        return str(rest) if namespace is not None and namespace == self.namespace else name

    def _tuple(self, node: yaml.Node, chosen: _Type, path: Path, label: str) -> tuple[object, ...]:
        item_type = get_args(chosen.bare)[0]
        numbered = any(one.extra("numbered") for one in _alternatives(item_type))
        values = []
        for number, item in enumerate(node.value, 1):
            if numbered and isinstance(item, yaml.MappingNode):
                # Each entry has a path of its own, such as foreign_keys.1.table.
                inner = (*path, str(number))
                self.lines[inner] = nodes.line(item)
                values.append(self._value(item, item_type, inner))
                continue
            values.append(self._value(item, item_type, path, f"an entry of {label}"))
            if isinstance(item, yaml.ScalarNode):
                self.lines.setdefault((*path, str(values[-1])), nodes.line(item))
        return cast(tuple[object, ...], self._judged(tuple(values), node, chosen, label))

    def _word(
        self, node: yaml.Node, alternatives: Sequence[_Type], chosen: _Type, path: Path, label: str
    ) -> str:
        word = self._text(node, _Type(str), path, label)
        if chosen.extra("any_case"):
            word = word.strip().lower()
        if word in chosen.words:
            return word
        nearest = did_you_mean(word, chosen.words)
        if len(chosen.words) == 1 and not nearest:
            # The value does not resemble a word.
            raise self._unfit(node, alternatives, path, label)
        *others, last = chosen.words
        among = f"neither {', '.join(others)} nor {last}" if others else f"not {last}"
        listed = any(one.kind is tuple for one in alternatives) and not nearest
        hint = f"Write a list for a name: {yaml_item([word])}." if listed else None
        raise self._error(node, f"{label}: {word!r} is {among}{nearest}", hint)

    def _text(self, node: yaml.Node, chosen: _Type, path: Path, label: str) -> str:
        blank = bool(chosen.extra("may_be_blank"))
        if blank and nodes.is_null(node):
            return ""
        if not isinstance(node, yaml.ScalarNode) or node.tag not in nodes.PLAIN:
            raise self._unfit(node, [chosen], path, label)
        value: str = node.value.strip() if blank else node.value
        if not blank and not value.strip():
            raise self._error(node, f"{label} is empty")
        for character in value:
            if (character < " " or character == "\x7f") and character not in "\t\n":
                raise self._error(
                    node, f"{label} holds the control character U+{ord(character):04X}"
                )
        self._check(value, chosen, path, nodes.line(node))
        return self._local(cast(str, self._judged(value, node, chosen, label)), chosen)

    def _check(self, value: str, chosen: _Type, path: Path, line: int) -> None:
        if check := chosen.extra("check"):
            try:
                check(value)
            except Misfit as misfit:
                raise self._misfit(misfit, path, line) from None

    def _judged(self, value: object, node: yaml.Node, chosen: _Type, label: str) -> object:
        """Return the value that msgspec makes from it, by its type and annotations."""
        bare: Any = tuple if chosen.kind is tuple else chosen.bare
        declared: Any = bare
        for meta in reversed(chosen.metas):
            declared = Annotated[declared, meta]
        try:
            return msgspec.convert(value, declared)
        except msgspec.ValidationError as error:
            said = _limit(value, chosen.metas) or f"does not fit: {error}"
            raise self._error(node, f"{label} {said}", chosen.extra("hint")) from None

    def _unfit(
        self, node: yaml.Node, alternatives: Sequence[_Type], path: Path, label: str
    ) -> ConfigError:
        """Return the error for a value of another type."""
        wanted = alternatives[0]
        return self._error(node, f"{label} {_must(alternatives)}", _hint(wanted, path))

    def _misfit(self, misfit: Misfit, path: Path, line: int) -> ConfigError:
        """Return the error for an invalid value.

        `line` is the value's; the line of an inner key closer to the error takes precedence.
        """
        subject = "" if misfit.about is None else _shown((*path, *misfit.about))
        full = (*path, *misfit.at)
        nearer = (full[:n] for n in range(len(full), len(path), -1))
        line = next((self.lines[one] for one in nearer if one in self.lines), line)
        return ConfigError(f"{subject}{misfit.message}", self.file, line, misfit.hint)

    def _error(self, node: yaml.Node, message: str, hint: str | None = None) -> ConfigError:
        return ConfigError(message, self.file, nodes.line(node), hint)


def _chosen(node: yaml.Node, alternatives: Sequence[_Type]) -> _Type | None:
    """Return the type that fits a node; None if no type does."""
    if isinstance(node, yaml.MappingNode):
        kinds: tuple[object, ...] = (Struct, dict)
    elif isinstance(node, yaml.SequenceNode):
        kinds = (tuple,)
    else:
        kinds = (*nodes.scalar_types(node), Literal, str)
    return next((one for kind in kinds for one in alternatives if one.kind is kind), None)


def _must(alternatives: Sequence[_Type]) -> str:
    """Return what a value must be, for a message."""
    wanted, *others = alternatives
    if said := wanted.extra("wanted"):
        return str(said)
    if wanted.kind in (Struct, dict):
        # The example shows the other types.
        return _MUST[wanted.kind]
    said = _alone(wanted)
    for other in others:
        if other.bare is not type(None):
            said += f", or {_alone(other).removeprefix('must ').removeprefix('be ')}"
    return said


def _alone(wanted: _Type) -> str:
    if wanted.kind is not Literal:
        return _MUST[wanted.kind]
    *others, last = wanted.words
    return f"must be {', '.join(others)}{' or ' if others else ''}{last}"


def _limit(value: object, metas: Sequence[Meta]) -> str | None:
    """Return the limit of its declaration that a value violates; None if it violates none."""
    many = isinstance(value, (tuple, str))
    size: Any = len(value) if isinstance(value, (tuple, str)) else value
    for meta in metas:
        for name, words, kept in (
            ("gt", "more than", operator.gt),
            ("ge", "at least", operator.ge),
            ("lt", "less than", operator.lt),
            ("le", "at most", operator.le),
            ("min_length", "at least", operator.ge),
            ("max_length", "at most", operator.le),
        ):
            limit = getattr(meta, name)
            if limit is None or kept(size, limit):
                continue
            if not many:
                return f"must be {words} {limit}"
            unit = "entries" if isinstance(value, tuple) else "characters"
            return f"must have {words} {limit} {unit}" if size else "is empty"
    return None


def _hint(wanted: _Type, path: Path) -> str | None:
    """Return the example of the declaration as a hint."""
    said: str | None = wanted.extra("hint")
    if said is None and wanted.examples:
        said = f"For example: {path[-1]}: {yaml_item(wanted.examples[0])}"
    if said is None and wanted.kind is tuple:
        said = f"For example: {_shown(path)}: [a, b]"
    return said


def _shown(path: Path) -> str:
    return ".".join(path)
