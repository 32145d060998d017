"""Determine the version that a capture follows, and its name."""

from __future__ import annotations

import datetime
import os
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from demosnap.database import own_tables
from demosnap.errors import UsageError
from demosnap.model import Version
from demosnap.reasons import of_versions
from demosnap.refusal import Refusal
from demosnap.revisions.graph import Graph
from demosnap.revisions.script import scenario_of

_MESSAGE = re.compile(r"v([1-9][0-9]*)\s*(?::\s*(.*))?\Z", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Wanted:
    """The request for a capture; the fields are the options of `demosnap revision`."""

    scenario: str
    message: str | None = None
    allow_empty: bool = False
    head: str | None = None
    splice: bool = False
    date: str | None = None
    allow_shrink: bool = False


def timestamp(date: str | None) -> str:
    """Return the UTC time of a capture: `date`, else SOURCE_DATE_EPOCH, else now.

    Raises:
        UsageError: it is neither a day nor a timestamp.
    """
    utc = datetime.timezone.utc
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    try:
        if date is not None:
            moment = datetime.datetime.fromisoformat(date.replace("Z", "+00:00"))
            moment = moment.replace(tzinfo=moment.tzinfo or utc).astimezone(utc)
        elif epoch:
            moment = datetime.datetime.fromtimestamp(int(epoch), utc)
        else:
            moment = datetime.datetime.now(utc)
    except (ValueError, OverflowError, OSError):
        what = f"--date {date}" if date is not None else f"SOURCE_DATE_EPOCH={epoch}"
        raise UsageError(
            f"{what} is not a date", "Write 2025-01-20, or 2025-01-20T14:15:00Z."
        ) from None
    # Not strftime, which on some systems does not pad years before 1000.
    return moment.replace(microsecond=0, tzinfo=None).isoformat() + "Z"


def only_head(graph: Graph, scenario: str) -> Version | None:
    """Return the only head of a scenario; None: it has no head, or several."""
    heads = graph.heads(scenario)
    return heads[0] if len(heads) == 1 else None


def parent_of(
    graph: Graph, wanted: Wanted, stamps: Sequence[str]
) -> tuple[Version | None, list[Refusal]]:
    """Return the version that the capture follows, and the refusals of it.

    Raises:
        UsageError: --head does not name a head of the scenario.
    """
    scenario = wanted.scenario
    unknown = [s for s in stamps if s not in graph.versions and scenario_of(s) == scenario]
    current = next(
        (v for s in stamps if (v := graph.versions.get(s)) and v.scenario == scenario), None
    )
    if unknown and wanted.head is None:
        return None, [of_versions.unknown_parent(unknown[0], own_tables.VERSION_TABLE)]
    if wanted.head is not None:
        parent = graph.resolve(wanted.head)
        if parent is None or parent.scenario != scenario:
            raise UsageError(f"--head {wanted.head} is not a version of {scenario}")
        if graph.heads(scenario) and parent not in graph.heads(scenario) and not wanted.splice:
            raise UsageError(
                f"{parent.version} is not a head of {scenario}",
                "--splice captures a second head beside the version that follows it.",
            )
        return parent, []
    if wanted.splice:
        return current, []
    heads = graph.heads(scenario)
    if not heads:
        return None, []
    if len(heads) > 1 and current in heads:
        return current, []
    head = graph.head(scenario)
    if current is not None and current != head:
        return head, [of_versions.head_not_loaded(current, head)]
    return head, []


def number_and_message(
    graph: Graph, wanted: Wanted, head_is_here: Callable[[], bool]
) -> tuple[int, str]:
    """Return the number of the next version, and its message without a number.

    Raises:
        UsageError: the number in the message is not above all others.
    """
    versions = graph.of(wanted.scenario)
    highest = max((version.number for version in versions), default=0)
    text = re.sub(r"\s+", " ", wanted.message or "").strip()
    match = _MESSAGE.match(text)
    if match is None:
        return highest + 1, text
    number = int(match[1])
    if number == highest and not wanted.allow_empty and head_is_here():
        # The same command again, perhaps after it was killed; there is no new version to name.
        return number, match[2] or ""
    if number <= highest:
        newest = next(version for version in versions if version.number == highest)
        raise UsageError(
            f"v{number} is not above {newest.version}, the newest version of {wanted.scenario}",
            f'Name it v{highest + 1}, or give a message alone: -m "{match[2] or "more rows"}".',
        )
    return number, match[2] or ""
