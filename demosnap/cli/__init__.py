"""The command line: parse, call `demosnap.project`, render the result.

Importing this package imports click and nothing heavy; each command imports the rest that it needs.
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
    """Switch off work that only pays in a long-running process."""
    # Imports make many objects, all of which stay.
    gc.set_threshold(_OBJECTS)
    # glibc keeps freed memory for the next batch of rows, instead of giving it back to the system
    # and asking for it again, up to the size of the largest block that was freed: mallopt(3),
    # M_MMAP_THRESHOLD. This one is never written to, and so takes no memory.
    bytes(_BLOCK)
