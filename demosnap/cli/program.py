"""The `demosnap` command: a group of all commands, in the order in which a project needs them."""

from __future__ import annotations

import click

from demosnap.cli import (
    capture_commands,
    compare_commands,
    file_commands,
    git_commands,
    move_commands,
    screen,
)
from demosnap.cli.shared_options import DOCS, Group


@click.group(cls=Group, invoke_without_command=True, epilog=f"{DOCS}; try it: demosnap quickstart")
@click.pass_context
def cli(context: click.Context) -> None:
    """Keep demo data: capture an application's demo rows as a version, put exactly those rows
    back, take exactly those rows out.

    \b
    demosnap revision general -m "v2"   capture the demo rows as the next version
    demosnap upgrade general@head       load the latest version
    demosnap downgrade general -1       go back to the version before
    demosnap history                    list the versions
    """
    if context.invoked_subcommand is None:
        screen.echo(context.get_help())


_GROUPS = (capture_commands, move_commands, file_commands, compare_commands, git_commands)
_COMMANDS = {str(one.name): one for group in _GROUPS for one in group.COMMANDS}
_ORDER = """init revision upgrade downgrade load reset stamp status diff log history heads current
show check manifest schema quickstart git-textconv git-merge"""
for _name in _ORDER.split():
    cli.add_command(_COMMANDS[_name])
