"""Render the files that `init` writes."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import resources
from pathlib import Path
from string import Template

from demosnap.config import ini, schema
from demosnap.config.choices import DEFAULT_MARKER
from demosnap.config.names import yaml_item
from demosnap.model import Marker, split_name
from demosnap.scaffold import ini_url
from demosnap.scaffold.logical import Proposal
from demosnap.scaffold.look import Found


def template(name: str) -> bytes:
    """Return a template's bytes."""
    return resources.files("demosnap.templates").joinpath(name).read_bytes()


def default_url(root: Path) -> str:
    """Return the database URL for a project that has none."""
    return f"sqlite:///{(root / 'demo.db').as_posix()}"


def alembic_ini(section: str, script_location: str, url: str | None, source: str | None) -> str:
    """Render a section of alembic.ini, never with a password.

    `source` is the origin of the URL, as `Settings.url_source`.
    """
    return _fill(
        "alembic.ini",
        section=section,
        script_location=script_location,
        url=_url_line(section, url, source),
    )


def _url_line(section: str, url: str | None, source: str | None) -> str:
    if url is None and section == "alembic":
        return "sqlalchemy.url = sqlite:///%(here)s/demo.db"
    if url is None:
        return f"# The database: set {ini.URL_VARIABLE}, or sqlalchemy.url here."
    if source in (ini.URL_VARIABLE, ini.FALLBACK_URL_VARIABLE):
        return f"# The database is what {source} says; sqlalchemy.url is not set here."
    if source != "--url":
        return "# The database is that of [alembic]; set sqlalchemy.url here for another one."
    if not ini_url.is_public(url):
        return f"# The URL of the database may hold a password: set {ini.URL_VARIABLE} to it."
    return f"sqlalchemy.url = {url.replace('%', '%%')}"


def demosnap_yaml(found: Found | None, keys: Sequence[Proposal] = ()) -> bytes:
    """Render demosnap.yaml for the result of a look at the database.

    `keys` are foreign keys that it does not declare.
    """
    marker = found.marker if found else DEFAULT_MARKER
    tables: list[str] = []
    names: tuple[str, ...] = ("general",)
    if found is not None:
        if found.marked:
            shown = ", ".join(yaml_item(name) for name in found.marked)
            tables.append(f"# The marker finds by itself: {shown}.")
        for name, columns in (*found.via.items(), *found.undeclared.items()):
            value = columns[0] if len(columns) == 1 else list(columns)
            rule = f"{yaml_item(name)}: {yaml_item({'via': value})}"
            more = found.alternatives.get(name, ())
            others = "; ".join(", ".join(map(yaml_item, other)) for other in more)
            remarks = [f"or {others}"] if others else []
            if name in found.undeclared:
                remarks.append("by foreign_keys, below")
            comment = f"  # {'; '.join(remarks)}" if remarks else ""
            tables.append(f"{'# ' if name in found.undeclared else ''}{rule}{comment}")
        for table, names_of, referred in found.outside:
            tables.append(
                f"# {yaml_item(table)}: {', '.join(map(yaml_item, names_of))} references"
                f" {yaml_item(referred)}, whose rows are not captured: a load needs them."
            )
        names = found.scenarios or names
    numbers = found.sequences if found else None
    default = "general" if "general" in names else names[0] if len(names) == 1 else None
    scenarios = [f"{name}: {'{default: true}' if name == default else '{}'}" for name in names]
    return _fill(
        "demosnap.yaml",
        schema=schema.FILE_NAME,
        marker=yaml_item(_marker(marker)) + _namespaces(found),
        tables="".join(f"  {line}\n" for line in tables),
        foreign_keys=_foreign_keys(keys),
        scenarios="".join(f"  {line}\n" for line in scenarios),
        sequences=yaml_item({"sequences": numbers})[1:-1]
        if numbers
        else "# sequences: {person: person_seq}",
    ).encode()


def _foreign_keys(keys: Sequence[Proposal]) -> str:
    """Render foreign keys as lines from which the user takes the `#` away."""
    if not keys:
        return "# foreign_keys: [{table: cards, columns: note_id, references: notes.id}]"
    lines = [f"  # - {yaml_item(one.entry)}  # {one.count}" for one in keys]
    return "\n".join(("foreign_keys:", *lines))


def _namespaces(found: Found | None) -> str:
    """Render a line for the namespaces of tables in which only the marker is looked for."""
    names = {split_name(name)[0] for name in found.marked} - {None} if found else set()
    if not names:
        return ""
    listed = yaml_item(sorted(map(str, names)))
    why = "Where the marker counts besides the connection's own namespace."
    return f"\n\n# {why}\nnamespaces: {listed}"


def _marker(marker: Marker) -> dict[str, str]:
    names = ("column", "key", "scenario_key", "scenario_column", "where")
    return {name: value for name in names if (value := getattr(marker, name)) is not None}


def _fill(name: str, **values: str) -> str:
    return Template(template(name).decode()).substitute(values)
