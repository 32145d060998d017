"""The foreign keys of demosnap.yaml, which the database does not declare."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import UNSET, Meta, Struct, UnsetType

from demosnap import columns as column_names
from demosnap.config.kinds import JsonPath, Misfit, Name, TableColumn, TableName, Value
from demosnap.model import Condition, ForeignKey

_KEYS = "Write {table: cards, columns: note_id, references: notes.id}."

_JSON = 'Write {table: notes, json: relations, path: "$.links[*]", references: notes.id}.'

Names = Annotated[
    tuple[Name, ...],
    Meta(min_length=1, extra_json_schema={"uniqueItems": True}, extra={"hint": _KEYS}),
]
Values = Annotated[tuple[Value, ...], Meta(min_length=1)]
Row = Annotated[
    dict[TableName, Value | Values],
    Meta(min_length=1, max_length=1),
]


class LogicalKey(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A foreign key of demosnap.yaml, which the database does not declare."""

    table: Annotated[TableName, Meta(description="The table whose rows reference others.")]
    columns: Annotated[
        Name | Names | UnsetType,
        Meta(description="The column that references, or a list of columns."),
    ] = UNSET
    json: Annotated[
        Name | UnsetType,
        Meta(
            description="Instead of `columns`: the column with JSON, each value of which at `path` "
            "is a reference."
        ),
    ] = UNSET
    path: Annotated[
        JsonPath | UnsetType,
        Meta(
            description="Where the references are in the JSON: `$.a.b`, `$.links[*]`, "
            "`$.links[*].id`, `$[*]`.",
            examples=["$.links[*]", "$.links[*].id"],
        ),
    ] = UNSET
    references: Annotated[
        TableColumn | Annotated[dict[TableName, Name | Names], Meta(min_length=1, max_length=1)],
        Meta(
            description="The referenced column, as `table.column`; several as "
            "`{table: [column, column]}`.",
            examples=["notes.id", {"notes": ["site", "id"]}],
        ),
    ]
    when: Annotated[
        dict[Name, Value | Values | Row],
        Meta(
            description="The values of other columns with which a row references anything: a "
            "value, a list of values, or `{table: natural key}` for the key of a row of another "
            "table.",
            examples=[{"kind": "Post"}, {"type_id": {"content_types": ["blog", "post"]}}],
        ),
    ] = {}

    def __post_init__(self) -> None:
        """Check combinations of keys."""
        if isinstance(self.references, dict) and len(self.references) != 1:
            raise Misfit(" must name one table", "references", about=("references",), hint=_KEYS)
        for column, value in self.when.items():
            if isinstance(value, dict) and len(value) != 1:
                raise Misfit(" must name one table", "when", column, about=("when", column))
        self._check_json()
        key = self.key
        if len(set(key.columns)) < len(key.columns):
            raise Misfit(" names a column twice", "columns", about=("columns",))
        if len(key.columns) != len(key.referred_columns):
            raise Misfit(
                f" has {len(key.referred_columns)}, and the key has {len(key.columns)}",
                "references",
                about=("references",),
                hint="A key over several columns references as many: {notes: [site, id]}.",
            )
        for column in self.when:
            if column in key.columns:
                raise Misfit(
                    " is a column of the key itself", "when", column, about=("when", column)
                )

    def _check_json(self) -> None:
        if self.json is UNSET:
            if self.columns is UNSET:
                raise Misfit(" needs columns, or json and path", about=(), hint=_KEYS)
            if self.path is not UNSET:
                raise Misfit(
                    " has a path and columns: a path leads into JSON", "path", about=(), hint=_JSON
                )
            return
        if self.columns is not UNSET:
            raise Misfit(" has both columns and json", "json", about=(), hint=_JSON)
        if self.path is UNSET:
            raise Misfit(" has json and no path", "json", about=(), hint=_JSON)

    @property
    def key(self) -> ForeignKey:
        """The foreign key as a value, without what the database tells."""
        if isinstance(self.references, str):
            table, *referred = column_names.parse(self.references)
        else:
            ((table, names),) = self.references.items()
            referred = [names] if isinstance(names, str) else list(names)
        columns = self.columns or self.json
        assert columns is not UNSET
        return ForeignKey(
            columns=(columns,) if isinstance(columns, str) else columns,
            table=table,
            referred_columns=tuple(referred),
            logical=True,
            when=tuple(_condition(column, value) for column, value in self.when.items()),
            path=None if self.path is UNSET else self.path,
        )


def _condition(column: str, value: Any) -> Condition:
    table = None
    if isinstance(value, dict):
        ((table, value),) = value.items()
    return Condition(column, (value,) if isinstance(value, str) else tuple(value), table)


LogicalKeyEntry = Annotated[LogicalKey, Meta(title="foreign key", extra={"numbered": True})]
"""An entry of `foreign_keys`."""
