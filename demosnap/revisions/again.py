"""A retry of a run after a conflict with another session: planned and made again as a whole."""

from __future__ import annotations

import time
from collections.abc import Callable

from demosnap.errors import ConflictError
from demosnap.results import MovePlan

Confirm = Callable[[MovePlan], None]

_FIRST_PAUSE = 0.05
_LONGEST_PAUSE = 1.0


def until_done(once: Callable[[], None], timeout: float) -> None:
    """Do a run; after a conflict do all of it again, for at most `timeout` seconds.

    `once` opens a connection of its own, and what it did is undone when it raises.

    Raises:
        ConflictError: there was one at each time.
    """
    end = time.monotonic() + timeout
    pause = _FIRST_PAUSE
    while True:
        try:
            return once()
        except ConflictError:
            if time.monotonic() + pause >= end:
                raise
        time.sleep(pause)
        pause = min(2 * pause, _LONGEST_PAUSE)


def asked_once(confirm: Confirm | None) -> Confirm | None:
    """Return what asks again only if the plan is another than was confirmed before."""
    if confirm is None:
        return None
    confirmed: list[MovePlan] = []

    def ask(plan: MovePlan) -> None:
        if confirmed != [plan]:
            confirm(plan)
            confirmed[:] = [plan]

    return ask
