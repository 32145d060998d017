"""The border to the terminal: all output of the command line goes through it.

`Screen` replaces standard output and standard error during a command. It makes characters visible
that would control a terminal, whatever their source; only the styles of `style` and `tables` pass.
Output for programs (JSON, SQL) goes out unchanged, through `data`.
"""

from __future__ import annotations

import codecs
import contextlib
import errno
import io
import os
import re
import sys
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Any, BinaryIO, TextIO, cast

import click

from demosnap.visible import visible

# A value cannot forge a style of demosnap's: each process has its own random mark.
_MARK = f"\x1b{os.urandom(8).hex()}["
_STYLE = re.compile(re.escape(_MARK) + r"([0-9;]*m)")
_NOT_FOR_JSON = re.compile(r"[^\n -~]+")


class Unwritable(Exception):  # noqa: N818  not an error of the command itself
    """Standard output cannot be written; `broken`: its reader has left."""

    def __init__(self, error: OSError) -> None:
        super().__init__(error.strerror or str(error))
        self.broken = error.errno == errno.EPIPE


class Screen:
    """A stream for people; `raw` is the stream behind it.

    If standard error cannot be written, messages are dropped and the command goes on.
    """

    def __init__(self, raw: TextIO, *, must_be_written: bool) -> None:
        self.raw = raw
        self._must_be_written = must_be_written

    @property
    def encoding(self) -> str:
        """The encoding of the stream behind."""
        return getattr(self.raw, "encoding", None) or "utf-8"

    @property
    def errors(self) -> str:
        """How characters are written that the encoding lacks."""
        return "backslashreplace"

    @property
    def colours(self) -> bool:
        """Whether the output can show styles, and the user wants them."""
        plain = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
        return self.isatty() and not plain

    def shown(self, text: str) -> str:
        """Return text in the form that is written."""
        parts = _STYLE.split(text)
        styles = [f"\x1b[{code}" if self.colours else "" for code in parts[1::2]]
        parts[::2] = map(visible, parts[::2])
        parts[1::2] = styles
        text = "".join(parts)
        return text.encode(self.encoding, self.errors).decode(self.encoding)

    def write(self, text: str) -> int:
        """Write text.

        Raises:
            Unwritable: standard output cannot be written.
        """
        if not isinstance(text, str):
            # By this error click learns that the stream takes no bytes, and uses `buffer`.
            raise TypeError("a screen shows text")
        with self._watched():
            self.raw.write(self.shown(text))
        return len(text)

    @property
    def buffer(self) -> BinaryIO:
        """The same screen for bytes, as UTF-8."""
        return cast("BinaryIO", _Bytes(self))

    def flush(self) -> None:
        """Send what was written on its way.

        Raises:
            Unwritable: standard output cannot be written.
        """
        with self._watched():
            self.raw.flush()

    def isatty(self) -> bool:
        """Whether the stream is a terminal."""
        return self.raw.isatty()

    def fileno(self) -> int:
        """Return the descriptor of the stream behind."""
        return self.raw.fileno()

    def writable(self) -> bool:
        """Return True."""
        return True

    def send(self, data: bytes) -> None:
        """Write bytes unchanged.

        Raises:
            Unwritable: standard output cannot be written.
        """
        with self._watched():
            below = getattr(self.raw, "buffer", None)
            if below is None:
                self.raw.write(data.decode())
            else:
                self.raw.flush()
                below.write(data)

    @contextlib.contextmanager
    def _watched(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            silence(self.raw)
            if self._must_be_written:
                raise Unwritable(error) from error


class _Bytes(io.RawIOBase):
    def __init__(self, screen: Screen) -> None:
        self._screen = screen
        self._decode = codecs.getincrementaldecoder("utf-8")("backslashreplace").decode

    def writable(self) -> bool:
        return True

    def write(self, data: Any, /) -> int:
        taken = bytes(data)
        self._screen.write(self._decode(taken))
        return len(taken)

    def flush(self) -> None:
        if not self.closed:
            self._screen.flush()

    def __del__(self) -> None:
        """Do not close the screen, which outlives this wrapper."""


class Data:
    """Standard output for programs: exact, in UTF-8."""

    def write(self, text: str) -> int:
        """Write text."""
        _screen(sys.stdout).send(text.encode())
        return len(text)

    def send(self, data: bytes) -> None:
        """Write bytes."""
        _screen(sys.stdout).send(data)

    def flush(self) -> None:
        """Send what was written on its way."""
        _screen(sys.stdout).flush()


@contextlib.contextmanager
def shown() -> Iterator[None]:
    """Send all output through screens."""
    before = sys.stdout, sys.stderr
    sys.stdout = _over(sys.stdout, must_be_written=True)
    sys.stderr = _over(sys.stderr, must_be_written=False)
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before


def _over(stream: TextIO | None, *, must_be_written: bool) -> TextIO:
    # None if the caller has closed the stream.
    made = None if stream is None else Screen(stream, must_be_written=must_be_written)
    return cast("TextIO", made)


def _screen(stream: Any) -> Screen:
    return stream if isinstance(stream, Screen) else Screen(stream, must_be_written=True)


def echo(text: str = "", *, err: bool = False) -> None:
    """Print a line for people."""
    stream = _screen(sys.stderr if err else sys.stdout)
    stream.write(f"{text}\n")
    stream.flush()


def data() -> TextIO:
    """Return standard output for programs."""
    return cast("TextIO", Data())


def json_text(text: str) -> str:
    """Return the same JSON with all control characters escaped."""
    return _NOT_FOR_JSON.sub(_json_escaped, text)


def _json_escaped(found: re.Match[str]) -> str:
    if visible(found[0]) == found[0]:
        return found[0]
    units = found[0].encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{units[at : at + 4]}" for at in range(0, len(units), 4))


def echo_json(text: str, end: str = "\n") -> None:
    """Print a JSON text for programs."""
    output = data()
    output.write(json_text(text) + end)
    output.flush()


def style(text: str, **styles: Any) -> str:
    """Style text with click's styles, so that the screen lets them through."""
    return marked(click.style(visible(text), **styles))


def marked(text: str) -> str:
    """Mark the styles of a text as demosnap's own; its values must be escaped already."""
    return text.replace("\x1b[", _MARK)


def page(lines: Iterable[str]) -> None:
    """Print lines through the user's pager."""
    screen = _screen(sys.stdout)
    sys.stdout = screen.raw
    try:
        click.echo_via_pager(
            (screen.shown(f"{line}\n") for line in lines), color=None if screen.colours else False
        )
    finally:
        sys.stdout = cast("TextIO", screen)


def silence(stream: TextIO) -> None:
    """Stop all writing to a stream that cannot be written."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
