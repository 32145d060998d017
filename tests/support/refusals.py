"""Refusals of guards: of which kind they are, and what they say."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator

import pytest

from demosnap.errors import RefusedError
from demosnap.refusal import Kind


@contextlib.contextmanager
def refused(kind: Kind, match: str = "") -> Iterator[pytest.ExceptionInfo[RefusedError]]:
    """Check that a guard refuses, with a refusal of a kind whose text has a match."""
    with pytest.raises(RefusedError) as caught:
        yield caught
    said = [str(one) for one in caught.value.refusals if one.kind == kind]
    assert said, f"no refusal is of the kind {kind!r}: {caught.value.refusals}"
    assert any(re.search(match, one) for one in said), f"{match!r} is not in {said}"
