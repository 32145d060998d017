"""A capture follows the version that the database holds, and stamps it; or only reads."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from demosnap.errors import ScriptError, UnknownNameError, UsageError
from demosnap.project import Project
from support import small
from support.captures import below_the_head, no_stamps, rename
from support.refusals import refused
from support.small import Chain
from support.unchanged import unchanged

pytestmark = pytest.mark.long

# ---------------------------------------------------------------------- the chain


def test_a_database_seeded_afresh_without_a_stamp_continues_the_chain(chain: Chain) -> None:
    """As after `migrate:fresh --seed`: demosnap's own tables are gone too."""
    database = chain.database
    small.metadata.drop_all(database.engine)
    database.execute("DROP TABLE demosnap_version", "DROP TABLE demosnap_log")
    small.metadata.create_all(database.engine)
    database.execute(
        *small.OWN_ROWS, "INSERT INTO boards VALUES (1, 'Fresh', 'fresh', TRUE, 'general')"
    )
    fresh = database.dump()
    with refused("far fewer rows", "would have 1 row, less than half of the 6 rows of v2"):
        chain.project.revision("general")
    version = chain.project.revision("general", allow_shrink=True).version
    assert (version.short, version.down_revision) == ("v3", chain.ids()["v2"])
    assert chain.stamps() == ["general v3"]
    chain.project.downgrade("general", "-1")
    assert database.dump() == chain.at["v2"]
    chain.project.upgrade("general@head")
    assert database.dump() == fresh


def test_few_rows_that_are_left_are_no_version_unless_they_shall_be(chain: Chain) -> None:
    """Refused by a dry run as by the capture; half of the rows are enough."""
    chain.database.execute("DELETE FROM checks")
    assert chain.project.revision("general", dry_run=True).plan.refusals == ()
    chain.database.execute("DELETE FROM cards")
    left = chain.database.dump()
    with unchanged(chain):
        for words in ((), ("--dry-run",)):
            run = chain.workspace.run("revision", "general", *words, check=False)
            assert run.returncode == 1
            assert "less than half of the 6 rows of v2_2025-01-20" in run.stderr
            assert "--allow-shrink (or --yes) captures them nevertheless" in run.stderr
    chain.workspace.run("revision", "general", "--yes")
    assert chain.stamps() == ["general v3"]
    assert chain.database.dump() == left


def test_a_database_below_the_head_is_refused_with_both_versions_and_the_ways_on(
    chain: Chain,
) -> None:
    below_the_head(chain)
    with unchanged(chain), refused("head not loaded") as caught:
        chain.project.revision("general")
    (reason,) = caught.value.reasons
    assert "v1_2025-01-15" in reason
    assert "v2_2025-01-20" in reason
    assert "demosnap upgrade general@head" in reason
    assert "--head general@head" in reason
    assert "--splice" in reason


def test_head_captures_on_top_of_the_head_all_the_same(chain: Chain) -> None:
    below_the_head(chain)
    rows = chain.database.dump()
    version = chain.project.revision("general", head="general@head").version
    assert (version.short, version.down_revision) == ("v3", chain.ids()["v2"])
    assert chain.stamps() == ["general v3"]
    assert chain.database.dump() == rows
    assert len(chain.project.heads()) == 1
    chain.project.downgrade("general", "-1")
    assert chain.database.dump() == chain.at["v2"]


def test_splice_makes_a_second_head_beside_the_first(chain: Chain) -> None:
    below_the_head(chain)
    rows = chain.database.dump()
    version = chain.project.revision("general", splice=True).version
    ids = chain.ids()
    assert (version.short, version.down_revision) == ("v3", ids["v1"])
    assert [entry.version.short for entry in chain.project.heads()] == ["v2", "v3"]
    assert chain.stamps() == ["general v3"]
    assert chain.database.dump() == rows
    chain.project.downgrade("general", "-1")
    assert chain.database.dump() == chain.at["v1"]
    chain.project.upgrade(ids["v2"])
    assert chain.database.dump() == chain.at["v2"]


def test_splice_from_the_head_leaves_one_stamp(chain: Chain) -> None:
    """The database holds the new version then, and not the head any more; it goes on from there."""
    rename(chain, "beside the head")
    rows = chain.database.dump()
    version = chain.project.revision("general", head="general@v1", splice=True).version
    assert (version.short, version.down_revision) == ("v3", chain.ids()["v1"])
    assert chain.stamps() == ["general v3"]
    assert chain.project.status("general")[0].clean
    chain.project.downgrade("general", "-1")
    assert chain.database.dump() == chain.at["v1"]
    chain.project.upgrade(version.revision)
    assert chain.database.dump() == rows
    chain.project.load(chain.ids()["v2"])
    assert (chain.stamps(), chain.database.dump()) == (["general v2"], chain.at["v2"])


def test_a_stamp_of_another_head_takes_the_place_of_the_first(chain: Chain) -> None:
    """With the rows of both, as after a capture elsewhere."""
    rename(chain, "beside the head")
    version = chain.project.revision("general", head="general@v1", splice=True).version
    chain.project.stamp(chain.ids()["v2"], verify=False)
    assert chain.stamps() == ["general v2"]
    chain.project.stamp(version.revision)
    assert chain.stamps() == ["general v3"]
    chain.project.stamp("general@base")
    assert chain.stamps() == []


def test_a_capture_at_one_of_two_heads_goes_on_from_it(chain: Chain) -> None:
    below_the_head(chain)
    spliced = chain.project.revision("general", splice=True).version
    rename(chain, "on the second branch")
    version = chain.project.revision("general").version
    assert (version.short, version.down_revision) == ("v4", spliced.revision)
    assert [entry.version.short for entry in chain.project.heads()] == ["v2", "v4"]


def test_two_heads_and_no_stamp_are_an_error_that_names_both(chain: Chain) -> None:
    below_the_head(chain)
    chain.project.revision("general", splice=True)
    chain.database.execute("DELETE FROM demosnap_version")
    rename(chain, "whose child?")
    with unchanged(chain), pytest.raises(ScriptError) as caught:
        chain.project.revision("general")
    ids = chain.ids()
    assert ids["v2"] in caught.value.message
    assert ids["v3"] in caught.value.message
    version = chain.project.revision("general", head=ids["v2"]).version
    assert version.down_revision == ids["v2"]


@pytest.mark.parametrize("name", ["v1", "v1_2025-01-15"])
def test_head_takes_no_version_that_another_follows(sqlite_chain: Chain, name: str) -> None:
    rename(sqlite_chain, "third")
    with unchanged(sqlite_chain), pytest.raises(UsageError, match="is not a head"):
        sqlite_chain.project.revision("general", head=f"general@{name}")
    version = sqlite_chain.project.revision("general", head=f"general@{name}", splice=True).version
    assert version.down_revision == sqlite_chain.ids()["v1"]


def test_head_takes_a_version_of_the_same_scenario_alone(sqlite_chain: Chain) -> None:
    sqlite_chain.database.execute(*small.WRITER)
    sqlite_chain.project.revision("writer")
    rename(sqlite_chain, "third")
    for name in ("writer@head", "general@base"):
        with unchanged(sqlite_chain), pytest.raises(UsageError, match="not a version of general"):
            sqlite_chain.project.revision("general", head=name)
    with unchanged(sqlite_chain), pytest.raises(UnknownNameError, match="did you mean"):
        sqlite_chain.project.revision("general", head="general@v22_2025-01-20")


def test_a_stamp_of_an_unknown_script_is_refused_and_left(chain: Chain) -> None:
    chain.database.execute("UPDATE demosnap_version SET version_num = 'general_v9_0123abcd'")
    with unchanged(chain), refused("unknown stamp", "general_v9_0123abcd"):
        chain.project.revision("general")


def test_a_stamp_of_another_scenarios_unknown_script_disturbs_nothing(chain: Chain) -> None:
    chain.database.execute("INSERT INTO demosnap_version VALUES ('writer_v9_0123abcd')")
    rename(chain, "third")
    assert chain.project.revision("general").version.short == "v3"
    stamps = chain.database.rows("SELECT version_num FROM demosnap_version ORDER BY version_num")
    assert stamps == [(chain.ids()["v3"],), ("writer_v9_0123abcd",)]


# ---------------------------------------------------------------------- no stamp


def test_no_stamp_only_reads_the_database(seeded: Chain) -> None:
    """No table of demosnap's own is made: a replica would refuse it."""
    tables = sa.inspect(seeded.database.engine).get_table_names()
    before = seeded.everything()
    result = seeded.project.revision("general", stamp=False)
    assert (result.created, result.stamped) == (True, False)
    assert sa.inspect(seeded.database.engine).get_table_names() == tables
    assert seeded.everything() == before
    assert no_stamps(seeded)


def test_no_stamp_leaves_the_database_file_byte_for_byte(sqlite_seeded: Chain) -> None:
    file = sqlite_seeded.database.folder / "demo.db"
    before = (file.read_bytes(), file.stat().st_mtime_ns)
    assert sqlite_seeded.project.revision("general", stamp=False).created
    assert (file.read_bytes(), file.stat().st_mtime_ns) == before
    assert [path.name for path in file.parent.glob("demo.db*")] == ["demo.db"]


def test_no_stamp_captures_from_a_file_that_cannot_be_written(sqlite_seeded: Chain) -> None:
    url = f"sqlite:///file:{sqlite_seeded.database.folder}/demo.db?mode=ro&uri=true"
    project = Project(sqlite_seeded.workspace.folder / "alembic.ini", url=url)
    assert project.revision("general", stamp=False).created
