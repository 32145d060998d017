"""Text that is safe on a terminal: control and invisible characters are written as escapes."""

from __future__ import annotations

import re

_SUSPECT = re.compile(r"[^\n\t -~]+")
# Invisible characters among letters and marks: fillers, joiners, selectors.
_BLANK = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0e\uffa0"
                    "\U000e0100-\U000e01ef]")  # fmt: skip
_SPACES = frozenset("\u00a0\u1680\u202f\u205f\u3000") | {chr(n) for n in range(0x2000, 0x200B)}


def visible(text: str) -> str:
    """Write controls, bidi marks and invisible characters as escapes; lines and tabs stay.

    `\\x1b` stands for an escape, `\\u202e` for a mark that reverses the line.
    """
    return _SUSPECT.sub(_written, text)


def one_line(text: str) -> str:
    """Write a value for the middle of a line: like `visible`, with line ends and tabs escaped."""
    if text.isprintable() and not _BLANK.search(text):
        return text
    return visible(text).replace("\n", "\\n").replace("\t", "\\t")


def exact(text: str) -> str:
    """Write what a user has typed for a comparison: like `one_line`, with odd spaces as escapes.

    `\\xa0` stands for a no-break space, which looks like a space and equals none.
    """
    return "".join(ascii(one)[1:-1] if one in _SPACES else one for one in one_line(text))


_names: dict[str, str] = {}
"""Names of tables, columns and the like that contain a line end, with their escaped form."""


def know_names(*names: str | None) -> None:
    """Remember names of a database: `paragraph` shows them on one line."""
    for name in names:
        if name and not name.isprintable() and "\n" in name:
            # A table's name may stand in quotes, and drivers write it without them.
            for one in {name, name.strip('"'), name.strip('"').replace('""', '"')}:
                # Every text contains blanks.
                if one.strip():
                    _names[one] = one_line(one)


def paragraph(text: str, indent: str = "") -> str:
    """Write a text of several lines, with line ends in names escaped; indent all but the first.

    So the name of a table cannot forge a line of demosnap's output.
    """
    # Copied, since another thread may add a name.
    names = _names.copy()
    for name in sorted(names, key=len, reverse=True):
        text = text.replace(name, names[name])
    return text.replace("\n", f"\n{indent}") if indent else text


def _written(found: re.Match[str]) -> str:
    text = found[0]
    if text.isprintable() and not _BLANK.search(text):
        return text
    return "".join(_character(one) for one in text)


def _character(one: str) -> str:
    if one in _SPACES or (one.isprintable() and not _BLANK.match(one)):
        return one
    if "\udc80" <= one <= "\udcff":
        # Python's stand-in for a byte of a name that is not UTF-8.
        return f"\\x{ord(one) - 0xDC00:02x}"
    return ascii(one)[1:-1]


def shortened(text: str, most: int) -> str:
    """Cut a text that is longer than a number of characters, and end it with an ellipsis."""
    return text if len(text) <= most else text[: most - 1] + "…"


def rows(count: int, one: str = "", several: str = "") -> str:
    """Write a number of rows with the verb that follows: `1 row is`, `1,305 rows are`."""
    number, verb = ("1 row", one) if count == 1 else (f"{count:,} rows", several)
    return f"{number} {verb}" if verb else number


def non_demo_rows(count: int) -> str:
    """Write a number of rows that are not demo rows: `1 non-demo row`."""
    return "1 non-demo row" if count == 1 else f"{count:,} non-demo rows"


def as_many(count: int, done: str) -> str:
    """Write a number to compare with another: `1 was planned`, `1,305 were planned`."""
    return f"1 was {done}" if count == 1 else f"{count:,} were {done}"


def seconds(count: float) -> str:
    """Write a duration: `1 second`, `0.5 seconds`."""
    return f"{count:g} second" if count == 1 else f"{count:g} seconds"
