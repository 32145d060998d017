"""Whether anything was changed: a value of the error, said at the end of its text."""

from __future__ import annotations

import pytest

from demosnap.errors import CountError, DatabaseError, DemosnapError, RefusedError, UsageError
from demosnap.refusal import Refusal


def test_an_error_that_knows_it_says_that_nothing_was_changed() -> None:
    error = DatabaseError("the server is full", "Try again.", changed=False)
    assert str(error) == "the server is full; nothing was changed\nTry again."
    assert (error.message, error.changed) == ("the server is full", False)
    assert error.text == "the server is full\nTry again."
    assert str(CountError("cards", "1 row is gone")) == "1 row is gone; nothing was changed"


def test_after_several_lines_it_stands_on_its_own() -> None:
    error = DatabaseError("cards: row 1\ncards: row 2", "Try again.", changed=False)
    assert str(error) == "cards: row 1\ncards: row 2\nnothing was changed\nTry again."


def test_a_refusal_says_it_before_its_reasons() -> None:
    error = RefusedError("load", [Refusal("overlap", "one\ntwo", ("three",))], "Look.")
    assert str(error) == "load refused, nothing was changed:\n- one\n  two\n  three\nLook."
    assert error.message == "load refused:\n- one\n  two\n  three"
    assert error.changed is False


@pytest.mark.parametrize("changed", [True, None])
def test_an_error_that_says_otherwise_does_not_say_it(changed: bool | None) -> None:
    error = DemosnapError("half of it is there", changed=changed)
    assert (str(error), error.changed) == ("half of it is there", changed)


def test_what_is_wrong_before_anything_begins_need_not_say_it() -> None:
    error = UsageError("no such day", "Write 2025-01-20.")
    assert (str(error), error.changed) == ("no such day\nWrite 2025-01-20.", False)
