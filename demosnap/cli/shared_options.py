"""The parts that all commands share: global options before and after the command, steps, help."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Sequence
from typing import Any

import click

from demosnap.cli import failure, screen
from demosnap.cli.session import Session
from demosnap.errors import DemosnapError, UnknownNameError, UsageError
from demosnap.options import TAKEN, MoveOptions, Verb, declared
from demosnap.version import __version__

DOCS = "Reference: docs/commands.md"

pass_session: Callable[[Callable[..., None]], Callable[..., None]] = click.make_pass_decorator(
    Session, ensure=True
)

_STEP = re.compile(r"-[0-9]+")


class GlobalOption(click.Option):
    """An option of the whole call, which can stand before or after the command."""


def _store(context: click.Context, parameter: click.Parameter, value: Any) -> None:
    # An absent option must not undo the same option on the other side of the command.
    if value is None or value is False or value == 0:
        return
    name = parameter.opts[-1].removeprefix("--")
    if value == "" and not context.resilient_parsing:
        raise UsageError(f"--{name} is empty", "Leave it out, or give it a value.")
    setattr(context.ensure_object(Session), name.replace("-", "_"), value)


def _version(context: click.Context, parameter: click.Parameter, value: bool) -> None:
    if value and not context.resilient_parsing:
        screen.echo(f"demosnap {__version__}")
        context.exit()


def _global_options() -> list[click.Parameter]:
    def option(*names: str, callback: Callable[..., None] = _store, **more: Any) -> GlobalOption:
        # A separate name, since a command's argument may have the same name.
        own_name = "session_" + names[-1].removeprefix("--").replace("-", "_")
        return GlobalOption((*names, own_name), expose_value=False, callback=callback, **more)

    return [
        option(
            "-c",
            "--config",
            metavar="FILE",
            type=click.Path(dir_okay=False),
            help="Ini file.  [default: $ALEMBIC_CONFIG, else alembic.ini]",
        ),
        option(
            "-n",
            "--name",
            metavar="SECTION",
            help="Section of the ini file.  [default: demosnap if it is set up, else alembic]",
        ),
        option(
            "--url",
            metavar="URL",
            help="Database.  [default: $DEMOSNAP_DATABASE_URL, else the ini file's, "
            "else $DATABASE_URL]",
        ),
        option(
            "--namespace",
            metavar="NAME",
            help="Database schema of the tables: one tenant's.  [default: the connection's]",
        ),
        option("-v", "--verbose", count=True, help="Show more details."),
        option("-q", "--quiet", is_flag=True, help="Print only the result."),
        option("--debug", is_flag=True, help="Show the traceback of an error."),
        option("--yes", is_flag=True, help="Do not ask questions."),
        option(
            "--allow-target",
            metavar="HOST/DATABASE",
            help="Allow this database, like `allow:` in demosnap.yaml.",
        ),
        option(
            "--version",
            is_flag=True,
            is_eager=True,
            callback=_version,
            help="Show the version and exit.",
        ),
    ]


def _store_lock_timeout(
    context: click.Context, parameter: click.Parameter, value: float | None
) -> None:
    context.ensure_object(Session).lock_timeout = value


def move_option(name: str, verb: str = "") -> Callable[..., Any]:
    """Return the click option of a declared option of moves, with the help text of a verb."""
    known = declared(name)
    more: dict[str, Any] = {"help": known.instead.get(verb, known.help)}
    if name == "lock_timeout":
        more |= {"type": float, "expose_value": False, "callback": _store_lock_timeout}
    elif known.choices:
        more |= {"type": click.Choice(known.choices), "default": known.choices[0]}
    elif known.metavar:
        more["multiple"] = True
    else:
        more["is_flag"] = True
    if known.off:
        more["callback"] = lambda context, parameter, value: not value
    return click.option(known.flag, name, metavar=known.metavar, **more)


def move_options(verb: Verb, **others: Callable[..., Any]) -> Callable[..., Any]:
    """Return the decorator with all options of a verb; `others` follow the options they name."""

    def decorate(function: Any) -> Any:
        made = {}
        for name in TAKEN[verb]:
            made[name] = move_option(name, verb)
            if name in others:
                made[f"behind {name}"] = others[name]
        for decorator in reversed(made.values()):
            function = decorator(function)
        return function

    return decorate


as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
dry_run = move_option("dry_run")
lock_timeout = move_option("lock_timeout")
"""The option of the commands that change a database or write revisions."""

rehearse_capture = click.option(
    "--rehearse",
    is_flag=True,
    help="Take the rows out and load them from the new file, then undo that; refuse if it fails.",
)
"""The option of a capture."""


def _write_options(
    command: click.Command, context: click.Context, formatter: click.HelpFormatter
) -> None:
    sections: dict[str, list[tuple[str, str]]] = {"Options": [], "Global options": []}
    for parameter in command.get_params(context):
        record = parameter.get_help_record(context)
        if record is not None and isinstance(parameter, click.Option):
            is_global = isinstance(parameter, GlobalOption)
            sections["Global options" if is_global else "Options"].append(record)
    for title, records in sections.items():
        if records:
            with formatter.section(title):
                formatter.write_dl(records)


def no_options_with_sql(options: dict[str, Any]) -> None:
    """Check that --sql stands without options of a move.

    Raises:
        UsageError: such an option is given.
    """
    default = MoveOptions()
    for name, value in options.items():
        if value != getattr(default, name):
            raise UsageError(
                f"{declared(name).flag} does not go with --sql",
                "--sql writes its script without reading a database.",
            )


class Command(click.Command):
    """A command that takes the global options too."""

    def __init__(self, *args: Any, **more: Any) -> None:
        more.setdefault("epilog", f"{DOCS}#{args[0] if args else more.get('name')}")
        super().__init__(*args, **more)
        self.params.extend(_global_options())

    def format_options(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        _write_options(self, context, formatter)


class StepCommand(Command):
    """A command with a step among its arguments: `-1` is a step, not an option."""

    def parse_args(self, context: click.Context, args: list[str]) -> list[str]:
        """Parse the arguments after the command's name."""
        valued = {
            name
            for parameter in self.params
            if isinstance(parameter, click.Option) and not (parameter.is_flag or parameter.count)
            for name in parameter.opts
        }
        hidden = []
        before = ""
        for position, arg in enumerate(args):
            if arg == "--":
                hidden.extend(args[position:])
                break
            # A space in front, since click takes an argument with a leading dash for an option.
            is_step = _STEP.fullmatch(arg) and before not in valued
            hidden.append(f" {arg}" if is_step else arg)
            before = arg
        return super().parse_args(context, hidden)


def strip_step(context: click.Context, parameter: click.Parameter, value: Any) -> Any:
    """Remove, as an argument's callback, the space that `StepCommand` put in front of a step."""
    if isinstance(value, tuple):
        return tuple(strip_step(context, parameter, one) for one in value)
    if isinstance(value, str) and _STEP.fullmatch(value[1:]):
        return value.lstrip(" ")
    return value


class Group(click.Group):
    """The `demosnap` command: shows errors, and suggests a command for an unknown name."""

    command_class = Command

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.params.extend(_global_options())

    def list_commands(self, context: click.Context) -> list[str]:
        # In the order of a demo data set's life, not by the alphabet.
        return list(self.commands)

    def resolve_command(
        self, context: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command of a name.

        Raises:
            UnknownNameError: the command does not exist.
        """
        name = args[0]
        is_unknown = name not in self.commands and not name.startswith("-")
        if is_unknown and not context.resilient_parsing:
            raise UnknownNameError(
                "command", name, self.commands, "`demosnap --help` lists the commands."
            )
        return super().resolve_command(context, args)

    def invoke(self, context: click.Context) -> Any:
        """Run the command.

        Raises:
            DemosnapError: a program at the other end of a pipe has ended.
        """
        try:
            return super().invoke(context)
        except BrokenPipeError as error:
            # Click would take this for a closed standard output.
            raise DemosnapError(
                f"a program at the other end of a pipe has ended: {error.strerror}"
            ) from error

    def format_options(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        self.format_commands(context, formatter)
        _write_options(self, context, formatter)

    def main(  # type: ignore[override]
        self, args: Sequence[str] | None = None, prog_name: str | None = None, **more: Any
    ) -> None:
        """Run the command line and exit; every error ends here."""
        from demosnap import interrupts
        from demosnap.cli import completion

        interrupts.begin()
        session = more.setdefault("obj", Session())
        more["standalone_mode"] = False
        completion.install()
        with screen.shown():
            try:
                failure.check_streams()
                code = super().main(args, prog_name, **more)
                sys.stdout.flush()
            except SystemExit:
                raise
            except BaseException as error:  # noqa: BLE001  the border where all errors become messages
                code = failure.report(error, session)
        sys.exit(code if isinstance(code, int) else 0)
