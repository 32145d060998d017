"""The command line: it parses, calls `demosnap.project` and renders what comes back.

Importing it imports click and nothing heavy; everything else is imported by the command that
needs it.
"""

from __future__ import annotations

import gc
import sys

_OBJECTS = 50_000
_BLOCK = 16 << 20


def main() -> None:
    """Run the `demosnap` command and exit."""
    from demosnap.requirements import problem

    if said := problem():
        sys.exit(f"error: {said}")
    _hurry()
    from demosnap.cli.program import cli

    cli.main(prog_name="demosnap")


def _hurry() -> None:
    """Spare this process work that only pays in one that runs for long."""
    # Imports make many objects, and none of them is garbage.
    gc.set_threshold(_OBJECTS)
    # glibc keeps freed memory for the next batch of rows, instead of giving it back to the system
    # and asking for it again, up to the size of the largest block that was freed: mallopt(3),
    # M_MMAP_THRESHOLD. This one is never written to, and so takes no memory.
    bytes(_BLOCK)
