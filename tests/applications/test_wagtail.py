"""A Wagtail site on PostgreSQL: a tree of pages, tags by content types, revisions in JSON."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from support.databases import Database, make_database
from support.workspaces import Workspace

SITE = Path(__file__).with_name("wagtail_site")


@pytest.fixture(scope="module")
def site() -> Iterator[Any]:
    """What people do with the site."""
    pytest.importorskip("wagtail", reason="Wagtail is not installed (.ci/wagtail.txt)")
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(SITE))
        patch.setenv("DJANGO_SETTINGS_MODULE", "settings")
        import django

        django.setup()
        import content

        yield content
        content.connection.close()


@pytest.fixture
def migrated(site: Any, tmp_path: Path) -> Iterator[Callable[..., Database]]:
    """Make a database of the site, with real content in it."""
    made = []

    def make(name: str, **options: bool) -> Database:
        maker = make_database("postgresql", tmp_path)
        made.append(maker)
        database = next(maker)
        site.use(sa.make_url(database.url))
        site.migrate(**options)
        site.write_real_content(name)
        return database

    yield make
    site.connection.close()
    for maker in made:
        next(maker, None)


def test_a_demo_section_of_a_wagtail_site_is_kept_and_moved(
    site: Any, migrated: Callable[..., Database], make_workspace: Callable[[Database], Workspace]
) -> None:
    first = migrated("First")
    real = first.dump()
    site.write_demo()
    workspace = make_workspace(first)
    workspace.configure((SITE / "demosnap.yaml").read_text())
    workspace.run("revision", "general", "-m", "v1")
    v1 = site.pages()
    workspace.run("downgrade", "general@base", "--yes")
    assert first.dump() == real

    # There pages would be products, and tags those of groups.
    other = Workspace(workspace.folder, migrated("Other", later=True))
    real = other.database.dump()
    refused = other.run("upgrade", "general@head", "--yes", check=False)
    assert refused.returncode == 1
    assert (
        "magazine_articlepage: 0 rows are picked by the selection, 3 were expected"
        in refused.stderr
    )
    assert (
        "taggit_taggeditem: 0 rows are picked by the selection, 3 were expected" in refused.stderr
    )
    assert "nothing was changed" in refused.stderr
    assert other.database.dump() == real

    second = Workspace(workspace.folder, migrated("Second"))
    real, own = second.database.dump(), site.pages()
    second.run("upgrade", "general@head", "--yes")
    site.use(sa.make_url(second.database.url))
    assert site.pages() == {**v1, **only(own, "localhost/")}
    assert set(site.admin("demo", "demo")) == {200}
    assert "unchanged" in second.run("status").stdout
    site.edit_demo()
    v2 = site.pages()
    assert v2["tree"] == ([], [], [], [], [])
    second.run("revision", "general", "-m", "v2")
    second.run("downgrade", "general@v1", "--yes")
    assert site.pages() == {**v1, **only(own, "localhost/")}
    second.run("upgrade", "general@head", "--yes")
    assert site.pages() == v2
    second.run("downgrade", "general@base", "--yes")
    site.use(sa.make_url(second.database.url))
    assert site.pages() == own
    after = second.database.dump()
    assert {name: rows for name, rows in after.items() if rows != real[name]} == {}


def only(read: dict[str, Any], start: str) -> dict[str, Any]:
    """Return what the pages show whose address starts so."""
    return {name: value for name, value in read.items() if name.startswith(start)}
