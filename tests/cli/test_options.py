"""The options of moves: declared once, and the same in Python, on the command line and with -x."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from typing import Any, cast, get_args

import pytest

from demosnap.cli.program import cli
from demosnap.errors import UsageError
from demosnap.options import TAKEN, MoveChanges, MoveOptions, Verb, declared
from demosnap.revisions import stock
from support import small
from support.databases import Database
from support.workspaces import Workspace

FULL = MoveOptions(full=True)
NAMES = [one.name for one in fields(MoveOptions)]
# What each option takes that is not its default: in Python, on the command line, and with -x.
GIVEN: dict[str, tuple[Any, tuple[str, ...], tuple[str, str]]] = {
    "cascade": (("a", "b"), ("--cascade", "a", "--cascade", "b"), ("cascade", "a,b")),
    "release": (("t/1",), ("--release", "t/1"), ("release", "t/1")),
    "verify": ("counts", ("--verify", "counts"), ("verify", "counts")),
    "verify_stamp": (False, ("--no-verify",), ("verify", "0")),
    "lock_timeout": (5.0, ("--lock-timeout", "5"), ("lock_timeout", "5")),
    "rehearse": (False, ("--no-rehearse",), ("rehearse", "0")),
    **{
        name: (True, (f"--{name.replace('_', '-')}",), (name, "1"))
        for name in NAMES
        if isinstance(MoveOptions.__dataclass_fields__[name].default, bool)
        and not declared(name).off
    },
}


def test_every_option_is_given() -> None:
    assert sorted(GIVEN) == sorted(NAMES)
    assert {*MoveChanges.__annotations__} == {*NAMES} - {"verify_stamp"}
    assert {*TAKEN} == {*get_args(Verb)}
    assert {name for taken in TAKEN.values() for name in taken} == {*NAMES}


@pytest.mark.parametrize("name", NAMES)
def test_an_option_means_the_same_everywhere(name: str) -> None:
    value, words, (key, text) = GIVEN[name]
    wanted = MoveOptions(**{name: value})
    assert stock.options({f"demosnap.{key}": text}) == (wanted, ())
    for verb, taken in TAKEN.items():
        known = {flag: one for one in cli.commands[verb].params for flag in one.opts}
        assert (words[0] in known) is (name in taken), verb
        if name in taken and name != "lock_timeout":
            parsed = cli.commands[verb].make_context(verb, [*words, "general"])
            assert parsed.params[name] == value


def test_what_nobody_gives_is_the_default_everywhere() -> None:
    assert stock.options({}) == (MoveOptions(), ())
    for verb, taken in TAKEN.items():
        parsed = cli.commands[verb].make_context(verb, ["general"])
        given = {name: parsed.params[name] for name in taken if name != "lock_timeout"}
        assert MoveOptions(**given) == MoveOptions()


def test_options_are_an_object_or_keywords_or_both(
    sqlite: Database, make_workspace: Callable[[Database], Workspace]
) -> None:
    chain = small.copied(make_workspace(sqlite), "v1", "v2")
    project = chain.project
    cautious = MoveOptions(dry_run=True, full=True)
    assert project.downgrade("general", "v1", options=cautious).moves[0].by_difference is False
    assert project.downgrade("general", "v1", dry_run=True).moves[0].by_difference is True
    both = project.downgrade("general", "v1", options=cautious, full=False)
    assert both.moves[0].by_difference is True
    assert sqlite.dump() == chain.at["v2"]
    assert project.downgrade("general", "v1", options=cautious, dry_run=False).refusals == ()
    assert sqlite.dump() == chain.at["v1"]


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda p: p.downgrade("general", "v1", only=True), "downgrade takes no option 'only'"),
        (
            lambda p: p.load("general", options=MoveOptions(full=True)),
            "load takes no option 'full'",
        ),
        (lambda p: p.reset("general", verify="counts"), "reset takes no option 'verify'"),
        (lambda p: p.load("general", cascade="checks"), "cascade='checks' is one text"),
        (lambda p: p.load("general", lock_timeout=-1), "a lock timeout of -1 seconds"),
        (lambda p: p.load("general", verify="most"), "'most' is not a level of verification"),
        (lambda p: p.load("general", verify="sample"), "It is gone: A load compares every row, or"),
        (lambda p: p.upgrade(jobs=4), "upgrade has no option 'jobs' any more\nA capture reads"),
    ],
)
def test_an_option_that_cannot_be_is_refused(
    call: Callable[[Any], Any],
    said: str,
    sqlite: Database,
    make_workspace: Callable[[Database], Workspace],
) -> None:
    chain = small.copied(make_workspace(sqlite), "v1")
    before = chain.everything()
    with pytest.raises(UsageError) as caught:
        call(chain.project)
    assert said in str(caught.value)
    assert chain.everything() == before


def test_a_keyword_that_is_no_option_is_a_mistake_of_the_program(
    sqlite: Database, make_workspace: Callable[[Database], Workspace]
) -> None:
    chain = small.copied(make_workspace(sqlite), "v1")
    with pytest.raises(TypeError, match="load has no option 'discrad'"):
        cast(Any, chain.project).load("general", discrad=True)


@pytest.mark.parametrize("words", [("--jobs", "4"), ("--jobs=4",), ("-j", "4"), ("-j4",)])
def test_to_read_several_tables_at_once_is_an_option_no_more(
    words: tuple[str, ...], sqlite: Database, make_workspace: Callable[[Database], Workspace]
) -> None:
    chain = small.copied(make_workspace(sqlite), "v1")
    before = chain.everything()
    asked = chain.workspace.run("revision", "general", *words, check=False)
    assert asked.returncode == 2
    name = words[0][:2] if words[0].startswith("-j") else "--jobs"
    assert f"there is no option '{name}' any more" in asked.stderr
    assert "one table after the other: leave the option out" in asked.stderr
    assert chain.everything() == before
