"""Find the process that holds a file's lock, as far as the operating system shows it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

_LOCKS = Path("/proc/locks")
_PROCESSES = Path("/proc")


def holder(*files: Path) -> str:
    """Render the other processes with write locks of files, as ` (process 12, python)`.

    The text is empty if no process is known: on systems other than Linux, for processes outside of
    the container, and for a file on a network.
    """
    inodes = set(_inodes(files))
    lines: list[str] = []
    with suppress(OSError):
        lines = _LOCKS.read_text().splitlines()
    found = []
    for line in lines:
        words = line.split()
        # `1: POSIX  ADVISORY  WRITE 6486 fe:00:2146435 120 120`; a waiting process has `->`.
        if len(words) != 8 or words[3] != "WRITE" or words[5] not in inodes:
            continue
        number = words[4]
        if number.isdigit() and int(number) not in (0, os.getpid()):
            found.append(f"process {number}{_name(number)}")
    return f" ({'; '.join(dict.fromkeys(found))})" if found else ""


def _inodes(files: tuple[Path, ...]) -> Iterator[str]:
    for file in files:
        with suppress(OSError):
            stat = file.stat()
            device = stat.st_dev
            yield f"{os.major(device):02x}:{os.minor(device):02x}:{stat.st_ino}"


def _name(number: str) -> str:
    # Only the name, since the arguments may contain a password.
    with suppress(OSError):
        return f", {(_PROCESSES / number / 'comm').read_text().strip()}"
    return ""
