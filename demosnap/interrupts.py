"""Hold back Ctrl-C during a commit, with a message that says what was changed."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Callable, Iterator

DONE = "interrupted, but the command had already succeeded"

_done = ""


def behind(error: BaseException | None) -> KeyboardInterrupt | None:
    """Return the Ctrl-C behind an error, since an interrupted driver may fail to clean up."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        if isinstance(error, KeyboardInterrupt):
            return error
        seen.add(id(error))
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return None


def begin() -> None:
    """Reset the state at the beginning of a command."""
    global _done
    _done = ""


def message() -> str:
    """Return the message for an interrupt at this moment; empty: nothing was changed yet."""
    return _done


@contextlib.contextmanager
def held(text: str = "") -> Iterator[Callable[[], None]]:
    """Yield a function that holds Ctrl-C back from its call to the end of the context.

    The outcome of an interrupted commit would be unknown. A Ctrl-C that was held back is raised at
    the end; `text` is the message for it.
    """
    global _done
    before: set[int] | None = None
    called = False
    if text:
        _done = ""

    def hold() -> None:
        nonlocal before, called
        called = True
        if before is None and hasattr(signal, "pthread_sigmask"):
            before = signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGINT,))

    try:
        yield hold
    except BaseException:
        with contextlib.suppress(KeyboardInterrupt):
            _release(before)
        raise
    if called and text:
        # Ctrl-C may also arrive after this, before the caller has reported its result.
        _done = text
    try:
        _release(before)
    except KeyboardInterrupt:
        raise KeyboardInterrupt(*filter(None, [text])) from None


def _release(before: set[int] | None) -> None:
    if before is not None:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
