"""Check of which kind a refusal is."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator

import pytest

from demosnap.errors import RefusedError
from demosnap.refusal import Kind


@contextlib.contextmanager
def refused(
    kind: Kind, match: str = "", *, table: str | None = None
) -> Iterator[pytest.ExceptionInfo[RefusedError]]:
    """Check that a guard refuses, with a refusal of a kind whose text matches a pattern.

    `table` is the table that the refusal is about; None: any.
    """
    with pytest.raises(RefusedError) as caught:
        yield caught
    found = [
        str(one) for one in caught.value.refusals if one.kind == kind and table in (None, one.table)
    ]
    about = f" about {table}" if table else ""
    assert found, f"no refusal{about} is of the kind {kind!r}: {caught.value.refusals}"
    assert any(re.search(match, one) for one in found), f"{match!r} is not in {found}"
