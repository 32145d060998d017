"""Retry a run after a conflict with another session, planning and making it again as a whole."""

from __future__ import annotations

import time
from collections.abc import Callable

from demosnap.errors import ConflictError
from demosnap.results import MovePlan

Confirm = Callable[[MovePlan], None]

_FIRST_PAUSE = 0.05
_LONGEST_PAUSE = 1.0


def until_done(once: Callable[[], None], timeout: float) -> None:
    """Run `once`, and repeat it after a conflict for at most `timeout` seconds.

    `once` opens its own connection; if it raises, its changes are rolled back.

    Raises:
        ConflictError: every attempt met a conflict.
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
    """Return a `confirm` that asks again only if the plan differs from the confirmed one."""
    if confirm is None:
        return None
    confirmed: list[MovePlan] = []

    def ask(plan: MovePlan) -> None:
        if confirmed != [plan]:
            confirm(plan)
            confirmed[:] = [plan]

    return ask
