"""An open snapshot file: read within bounds, and describe errors on a line."""

from __future__ import annotations

import codecs
import re
import shlex
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO, NoReturn

from demosnap.errors import SnapshotError
from demosnap.snapshot.definitions import excerpt

MAX_LINE = 1 << 20
"""The maximum length of a header line, in bytes."""

MAX_ROW = 256 << 20
"""The maximum size of a row, in bytes."""

MAX_QUOTES = 4_000_000
"""The maximum number of single quotes in a row, since matching needs memory for each."""

AROUND_ROW = 4
"""The number of bytes around a row: `(` before it, `)`, `,` or `;`, and LF after it."""

STATEMENT_BYTES = 512 << 10
"""The maximum bytes of rows, with those around them, in an INSERT of several rows."""

_PIECE = 64 << 10

_UTF8Decoder = codecs.getincrementaldecoder("utf-8")

_END = b");\n"

_CONFLICT = (b"<<<<<<< ", b"||||||| ", b"=======\n", b"=======\r\n", b">>>>>>> ")

_LFS = (
    "the file is a pointer of Git LFS: the file itself was not fetched",
    "Run: git lfs pull",
)
_PLACEHOLDERS = (
    (b"version https://git-lfs.github.com/", *_LFS),
    (b"version https://hawser.github.com/", *_LFS),
    (
        b"/annex/objects/",
        "the file is a pointer of git-annex: the file itself was not fetched",
        "Run: git annex get {name}",
    ),
    (b"\0GITCRYPT\0", "the file is encrypted by git-crypt", "Run: git-crypt unlock"),
)
"""Files that other tools leave in place of a file: their start, their name, and how to fetch."""


class Source:
    """An open snapshot file; `line` is the number of the next line."""

    def __init__(self, file: BinaryIO, name: str) -> None:
        self._file = file
        self._name = name
        self.line = 1

    def expect(self, text: str, complaint: str) -> None:
        """Read a text that must come next.

        Raises:
            SnapshotError: it differs; the message has the complaint and the first differing line.
        """
        wanted = text.encode()
        start = self._file.tell()
        if self._file.read(len(wanted)) == wanted:
            self.line += wanted.count(b"\n")
            return
        self._file.seek(start)
        expected = found = b""
        for expected in re.findall(rb"[^\n]*\n", wanted):
            found = self._file.readline(len(expected))
            if found != expected:
                break
            self.line += 1
        if not found.endswith(b"\n"):
            found += self._file.readline(MAX_LINE)
        pairs = enumerate(zip(expected, found, strict=False))
        at = next((i for i, (one, other) in pairs if one != other), 0)
        self.fail(
            found, f"{complaint}:\n  expected: {show(expected, at)}\n  found:    {show(found, at)}"
        )

    def follows(self, parts: Iterable[tuple[str, str]]) -> bool:
        """Return whether the texts of some named parts come next, without reading them."""
        start = self._file.tell()
        wanted = "".join(text for _, text in parts).encode()
        found = self._file.read(len(wanted))
        self._file.seek(start)
        return found == wanted

    def expect_end(self) -> None:
        """Check that the file ends here.

        Raises:
            SnapshotError: more text follows.
        """
        if found := self._file.readline(MAX_LINE):
            # The missing LF of a last line is not reported here.
            line = found.removesuffix(b"\n") + b"\n"
            self.fail(line, f"there is text after the snapshot's end: {show(found)}")

    def record(self) -> bytes:
        """Read a line, with its LF: a whole row, or the first line of a row."""
        self.line += 1
        return self._file.readline(MAX_ROW + AROUND_ROW + 1)

    def place(self) -> tuple[int, int]:
        """Return the current position, for `back`."""
        return self._file.tell(), self.line

    def back(self, place: tuple[int, int]) -> None:
        """Return to a position."""
        position, self.line = place
        self._file.seek(position)

    def statement(self) -> list[bytes] | None:
        """Read the rows of a statement; None, without reading, if they must be read one by one.

        A text value may contain the separator of rows. Whole rows have an even number of quotes,
        the parts of a split row an odd number; the caller has to check this.
        """
        start = self.place()
        text = self._file.read(STATEMENT_BYTES)
        end = text.find(_END)
        quotes = text.count(b"'", 0, max(end, 0))
        while end > 0 and quotes % 2:
            further = text.find(_END, end + 1)
            quotes += text.count(b"'", end, max(further, end))
            end = further
        if end > 0 and text.startswith(b"("):
            text = text[: end + len(_END)]
            self.back((start[0] + len(text), start[1] + text.count(b"\n")))
            return text[1 : -len(_END)].split(b"),\n(")
        self.back(start)
        return None

    def whole_record(self, first: bytes) -> bytes:
        """Return the whole row that begins with the line just read.

        It ends with the first LF outside of quotes.

        Raises:
            SnapshotError: the row does not end, or exceeds the maximum size.
        """
        at = self.line - 1
        lines = [first]
        size = len(first)
        quotes = first.count(b"'")
        while quotes % 2 and size <= MAX_ROW + AROUND_ROW:
            line = self._file.readline(MAX_ROW + AROUND_ROW + 1 - size)
            if not line:
                self.fail(first, "a quote in the row that begins here is never closed", at)
            lines.append(line)
            size += len(line)
            quotes += line.count(b"'")
        whole = b"".join(lines)
        if reason := too_large(whole[1 : 1 - AROUND_ROW]):
            self.fail(first, f"the row that begins here is {reason}", at)
        self.line += len(lines) - 1
        return whole

    def fail(self, found: bytes, message: str, line: int | None = None) -> NoReturn:
        """Raise for an error on a line, or for damage by git or an editor that explains the error.

        Raises:
            SnapshotError: always.
        """
        line = self.line if line is None else line
        raise_damage(found[:MAX_LINE], self._name, line)
        raise SnapshotError(message, self._name, line, restore_hint(self._name))


def too_large(row: bytes) -> str | None:
    """Return why a row is too large for a snapshot; None if it is not."""
    if len(row) > MAX_ROW:
        return f"larger than {MAX_ROW >> 20} MiB"
    if len(row) > MAX_QUOTES and row.count(b"'") > MAX_QUOTES:
        return f"a row of more than {MAX_QUOTES:,} quotes"
    return None


def not_utf_8(text: bytes) -> int | None:
    """Return the position of the first byte that is not UTF-8; None if all are."""
    if text.isascii():
        return None
    # Decoding everything at once could need four times the memory.
    decoder = _UTF8Decoder()
    try:
        for start in range(0, len(text), _PIECE):
            decoder.decode(text[start : start + _PIECE])
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        try:
            text.decode()
        except UnicodeDecodeError as error:
            return error.start
    return None


def show(text: bytes, at: int = 0) -> str:
    """Render the part of a line around a position."""
    return excerpt(text.rstrip(b"\n").decode("utf-8", "replace"), at)


def raise_damage(line: bytes, name: str, number: int) -> None:
    """Raise for a line that git or an editor damaged; accept other lines.

    Call it only for an invalid line, or for a line that cannot be part of a text value.
    """
    if number == 1 and (instead := placeholder(line, name)):
        raise SnapshotError(instead[0], name, number, instead[1])
    if line.startswith(_CONFLICT):
        raise SnapshotError(
            "the file has git's conflict markers: two branches changed this snapshot",
            name,
            number,
            "A snapshot cannot be merged line by line. Take one of the two whole: "
            f"git checkout --ours -- {name} (or --theirs)",
        )
    if line.endswith(b"\r\n"):
        raise SnapshotError(
            "the line ends in CRLF: git's core.autocrlf, or an editor, changed the line ends",
            name,
            number,
            "demo_revisions/.gitattributes must say '*.sql -text'. "
            f"Then delete the file and run: git checkout -- {name}",
        )
    if not line.endswith(b"\n") and len(line) < MAX_LINE:
        raise SnapshotError(
            "the file ends here, in the middle: it is truncated", name, number, restore_hint(name)
        )
    at = not_utf_8(line)
    # A truncated line may end inside of a character.
    if at is not None and (len(line) < MAX_LINE or at < len(line) - 3):
        raise SnapshotError(f"byte 0x{line[at]:02X} is not UTF-8", name, number, restore_hint(name))


def placeholder(start: bytes, name: str) -> tuple[str, str] | None:
    """Return the tool whose placeholder a file is, by its first bytes, and how to fetch the file.

    None: it is not a placeholder.
    """
    for begins, what, hint in _PLACEHOLDERS:
        if start.startswith(begins):
            return what, hint.format(name=shlex.quote(name))
    return None


def restore_hint(name: str, *, missing: bool = False) -> str:
    """Return how to restore a changed or missing snapshot."""
    if missing:
        folder = shlex.quote(Path(name).parent.name)
        return (
            f"Restore it: git checkout -- {shlex.quote(name)}\n"
            f"In a sparse checkout, git sparse-checkout add its folder, {folder}, first."
        )
    return f"A snapshot is not edited by hand. Restore it: git checkout -- {name}"
