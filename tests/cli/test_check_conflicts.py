"""`check` after a real git merge: conflicts and second heads are found, with the way out."""

from __future__ import annotations

import pytest

from demosnap.errors import ConfigError
from support import small
from support.findings import MANIFEST, SCHEMAS, of, path
from support.repositories import Git, two_branches
from support.small import Chain

V3 = "demo_revisions/general/general_v3_2025-02-02"


@pytest.mark.parametrize("style", ["merge", "diff3", "zdiff3"])
def test_conflict_markers_of_a_git_merge_are_found_and_explained(chain: Chain, style: str) -> None:
    """Two people captured v3 on the same day: all four files hold markers."""
    git, _ = two_branches(chain, ("2025-02-02T10:00", "2025-02-02T11:00"), style)
    conflicting = git.conflicting()
    assert conflicting == [V3 + ".py", V3 + ".sql", MANIFEST, SCHEMAS]
    findings = chain.project.check()
    assert sorted(finding.file or "" for finding in findings) == conflicting
    for finding in findings:
        lines = path(chain, finding.file or "").read_text().splitlines()
        assert finding.line is not None
        assert lines[finding.line - 1].startswith("<<<<<<< ")
        assert "conflict" in finding.message
    hints = {finding.file: finding.hint or "" for finding in findings}
    assert "demosnap manifest" in hints[MANIFEST]
    assert "git checkout --ours" in hints[V3 + ".py"]
    assert V3.rpartition("/")[2] + ".py" in hints[V3 + ".sql"]


def test_the_advice_about_a_conflict_leads_out_of_it(chain: Chain) -> None:
    git, _ = two_branches(chain, ("2025-02-02T10:00", "2025-02-02T11:00"))
    git("checkout", "--ours", "--", V3 + ".py", V3 + ".sql")
    assert {finding.file for finding in chain.project.check()} == {MANIFEST, SCHEMAS}
    chain.project.manifest()
    assert chain.project.check() == []
    git.commit("merged")
    chain.project.load("general", discard=True)
    assert chain.database.rows("SELECT title FROM cards WHERE id = 1") == [("by ours",)]


def test_a_merge_of_captures_of_two_days_leaves_two_heads_to_be_found(chain: Chain) -> None:
    git, _ = two_branches(chain, ("2025-02-02", "2025-02-03"))
    assert set(git.conflicting()) >= {MANIFEST, SCHEMAS}
    found = chain.project.check()
    assert {MANIFEST, SCHEMAS} <= {finding.file for finding in found}
    assert any("2 heads" in finding.message for finding in found)
    chain.project.manifest()
    messages = [finding.message for finding in chain.project.check()]
    assert any("2 heads" in message for message in messages)
    assert any("same number" in message for message in messages)
    for end in (".py", ".sql"):
        path(chain, f"demo_revisions/general/general_v3_2025-02-03{end}").unlink()
    chain.project.manifest()
    assert chain.project.check() == []


def test_a_conflict_in_one_kind_of_file_alone_is_found(chain: Chain) -> None:
    """One side of the merge was taken for some of the files."""
    git, _ = two_branches(chain, ("2025-02-02T10:00", "2025-02-02T11:00"))
    conflicting = git.conflicting()
    conflicted = {name: path(chain, name).read_bytes() for name in conflicting}
    for name in conflicting:
        git("checkout", "--ours", "--", *(other for other in conflicting if other != name))
        path(chain, name).write_bytes(conflicted[name])
        found = of(chain.project.check(), name)
        assert len(found) == 1, name
        assert "conflict" in found[0].message
        git("checkout", "--ours", "--", name)


def test_conflict_markers_in_the_configuration_are_explained(chain: Chain) -> None:
    git = Git(chain.workspace.folder)
    for branch in ("ours", "theirs"):
        git("checkout", "-q", "-b", branch, "main")
        chain.workspace.configure(small.SETTINGS + f"  {branch}: {{}}\n")
        git.commit(branch)
    assert git("merge", "-q", "ours", check=False).returncode == 1
    line = (chain.workspace.revisions / "demosnap.yaml").read_text().splitlines()
    with pytest.raises(ConfigError, match="has conflict markers of a git merge") as caught:
        chain.project.check()
    assert caught.value.line == line.index("<<<<<<< HEAD") + 1
    assert (caught.value.file or "").endswith("demosnap.yaml")
