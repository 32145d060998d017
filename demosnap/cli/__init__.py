"""The command line: it parses, calls `demosnap.project` and renders what comes back.

Importing it imports click and nothing heavy; everything else is imported by the command that
needs it.
"""

from __future__ import annotations


def main() -> None:
    """Run the `demosnap` command and exit."""
    from demosnap.cli.program import cli

    cli.main(prog_name="demosnap")
