"""Ignore warnings of other libraries temporarily, or turn them into errors.

Python's warning filters are process-wide. If each of several threads restored the filters that it
found, it would restore another thread's filters; so the first thread saves the original filters,
and the last thread restores them.
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
    """Ignore warnings that begin with one of these patterns, or turn them into errors."""
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
