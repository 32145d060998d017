"""The state of a sequence, and the positions that lie past the keys of a table."""

from __future__ import annotations

from dataclasses import dataclass

Keys = tuple[int, int]
"""The least and the greatest key of rows."""


@dataclass(frozen=True, slots=True)
class SequenceState:
    """The declaration of a sequence, and the number that it gives next.

    `by_next`: a position of this dialect is the next number, otherwise the last one that was given.
    """

    start: int
    increment: int
    least: int
    greatest: int
    next: int
    by_next: bool = False

    def behind(self, keys: Keys) -> bool:
        """Return whether the next number does not lie past all keys."""
        top = self._top(keys)
        if not self.least <= top <= self.greatest:
            return False
        return self.next <= top if self.increment > 0 else self.next >= top

    def position_past(self, keys: Keys) -> int | None:
        """Return the position after which only numbers past the keys come.

        It is determined by declaration and keys alone. None: even its first number lies past them.
        """
        # The number after the position lies past the keys by a whole increment, since an
        # application may use a number as the first or as the last of so many keys.
        top = self._top(keys)
        if (top - self.start) * self.increment < 0:
            return None
        steps = -((self.start - top) // self.increment)
        last = self.start + steps * self.increment
        found = last + self.increment if self.by_next else last
        return max(self.least, min(self.greatest, found))

    def _top(self, keys: Keys) -> int:
        return keys[1] if self.increment > 0 else keys[0]
