"""Recorded exchanges with real AWS, replayed against the gateway in process.

The whole set runs over HTTP in `tests/conformance`; this is the part that needs no running sandbox.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.conformance.listed import is_listed
from tests.conformance.recorded import NEEDED, Case, cases
from tests.conformance.replay import Replay
from tests.unit.sandbox_apigateway.conftest import ACCOUNT


def _parameters() -> list[Any]:
    chosen = [case for case in cases("apigateway") if not is_listed(case)]
    if not chosen:
        return [pytest.param(None, marks=pytest.mark.skip(reason=NEEDED))]
    return [pytest.param(case, id=case.name) for case in chosen]


@pytest.mark.parametrize("case", _parameters())
def test_recorded_case_is_answered_alike(case: Case, aws: Any) -> None:
    client = aws.client()
    outcomes = Replay(case, lambda _service, _region: client, region="us-east-1", account=ACCOUNT).run()
    assert [each.problem for each in outcomes if each.problem is not None] == []
