"""Remember what a capture mentions, so that the next one mentions only what is new."""

from __future__ import annotations

from collections.abc import Iterable


class Told:
    """What a capture has to mention; `before` is what the version that it follows has mentioned.

    A call names one thing by words that identify it, and returns whether it is new.
    """

    def __init__(self, before: Iterable[str] = ()) -> None:
        self._before = frozenset(before)
        self._now: set[str] = set()

    def __call__(self, *words: str) -> bool:
        """Take note of one thing, and return whether it was not mentioned before."""
        one = " ".join(words)
        self._now.add(one)
        return one not in self._before

    @property
    def now(self) -> tuple[str, ...]:
        """All that is so now, new or not, for the version to record."""
        return tuple(sorted(self._now))
