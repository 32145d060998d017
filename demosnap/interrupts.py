"""Ctrl-C: not heard during a commit, and never said to have changed nothing when it has."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Callable, Iterator

DONE = "interrupted, but all was done already"


@contextlib.contextmanager
def held(text: str = "") -> Iterator[Callable[[], None]]:
    """Yield what holds Ctrl-C back, from when it is called to the end of the context.

    A commit that is interrupted has happened or not, and nobody can say which. What was held
    back comes at the end; `text` is what is then to be said of it.
    """
    before: set[int] | None = None

    def hold() -> None:
        nonlocal before
        if before is None and hasattr(signal, "pthread_sigmask"):
            before = signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGINT,))

    try:
        yield hold
    except BaseException:
        with contextlib.suppress(KeyboardInterrupt):
            _release(before)
        raise
    try:
        _release(before)
    except KeyboardInterrupt:
        raise KeyboardInterrupt(*filter(None, [text])) from None


def _release(before: set[int] | None) -> None:
    if before is not None:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
