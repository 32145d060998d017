"""The settings of demosnap.yaml that say how far a scenario reaches."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from demosnap.config.kinds import Namespace, Sql, TableName

Namespaces = Annotated[
    Literal["current", "all"] | tuple[Namespace, ...],
    Meta(
        description="The namespaces (database schemas) in which the marker is looked for, "
        "besides that of the connection. `current`: those that `tables`, `marker.tables` or "
        "a version name. `all`: all of the database. A list: these, by name or shell pattern, "
        "and those that `tables` or `marker.tables` name; `[]` is the connection's alone.",
        examples=[["crm", "app_*"], "current"],
    ),
]
"""The namespaces in which the marker is looked for."""

Roots = Annotated[
    dict[TableName, Sql],
    Meta(
        description="Tables, each with a predicate: picks these rows and all rows that hang on "
        "them, over any number of foreign keys. `tables` and the marker go before.",
        examples=[{"organizers": "slug = 'demo'"}],
    ),
]
"""The rows on which all others hang."""
