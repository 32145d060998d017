"""Warnings of other libraries, ignored or made errors for a while.

Python's filters are the process's. Each of several threads that set them and put back what it found
would put back what another one has set; so the first one keeps what was there, and the last one
puts it back.
"""

from __future__ import annotations

import contextlib
import threading
import warnings
from collections.abc import Iterator
from typing import Literal

_lock = threading.Lock()
_inside = 0
_before = warnings.catch_warnings()


@contextlib.contextmanager
def handling(
    action: Literal["ignore", "error"], *messages: str, category: type[Warning]
) -> Iterator[None]:
    """Ignore warnings that begin with one of these patterns, or make errors of them."""
    global _inside, _before
    with _lock:
        if not _inside:
            _before = warnings.catch_warnings()
            _before.__enter__()
        _inside += 1
        for message in messages:
            warnings.filterwarnings(action, message=message, category=category)
    try:
        yield
    finally:
        with _lock:
            _inside -= 1
            if not _inside:
                _before.__exit__(None, None, None)
