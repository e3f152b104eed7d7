"""The verdict where Lambda keeps environments ready itself, and where a rule has just been changed."""

from __future__ import annotations

from typing import Any

import pytest

from backendctl.warmth.evidence import Outcome, Verdict
from backendctl.warmth.figures import Figures, Quantiles
from backendctl.warmth.verdict import judge
from tests.unit.warmth.made import NOW, counted, evidence, rule, subject

SEEN = Figures(invocations=300, users=100, cold_users=3, init=Quantiles(p50=400.0, p95=500.0))


def told(figures: Figures | None = SEEN, **given: Any) -> Verdict:
    return judge(evidence(figures, **given))


def provisioned(**given: Any) -> Any:
    return subject(**({"rules": (), "wants_warmth": False, "wants_provisioned": 2, "provisioned": 2} | given))


def test_what_is_in_use_is_told_beside_what_is_provisioned() -> None:
    row = provisioned(allocated=2, allocation="READY")
    assert told(row=row, counted=counted(busy=1)).reason == "2 provisioned, at most 1 in use, no spill-over"


@pytest.mark.parametrize(
    ("given", "reason", "step"),
    [
        (
            {"allocated": 1, "allocation": "IN_PROGRESS"},
            "1 of 2 provisioned environments are there: IN_PROGRESS",
            "wait for 1 to 3 minutes, then backendctl warm-status places -r us-east-1 -v",
        ),
        (
            {"allocation": "FAILED NO_ROOM"},
            "0 of 2 provisioned environments are there: FAILED NO_ROOM",
            "look into its log: /aws/lambda/corkhounds-places; then backendctl deploy -r us-east-1",
        ),
        (
            {"provisioned": 0},
            "the spec asks for 2 provisioned environments, and corkhounds-places:version1-a has none",
            "backendctl deploy -r us-east-1",
        ),
    ],
)
def test_what_is_not_there_is_not_ready(given: dict[str, Any], reason: str, step: str) -> None:
    assert told(row=provisioned(**given)) == Verdict(outcome=Outcome.NOT_READY, reason=reason, next_step=step)


def test_more_of_what_the_spec_asks_for_is_asked_of_the_spec() -> None:
    figures = Figures(users=100, cold_users=90)
    found = told(figures, row=provisioned(allocation="READY"), counted=counted(spilled=90))
    assert (found.outcome, found.next_step) == (
        Outcome.COLD,
        "a larger `provisioned` under `warm` in the spec, then backendctl deploy",
    )


def test_snapstart_without_pings_tells_who_waited_for_a_restore() -> None:
    row = subject(rules=(), wants_warmth=False, snapshot="On")
    assert told(row=row) == Verdict(
        outcome=Outcome.RESTORED, reason="SnapStart; 3 of 100 users' requests waited for a restore of 0.4 s"
    )
    assert told(row=subject(rules=(), snapshot="Off")).outcome is Outcome.NOT_READY


@pytest.mark.parametrize(("ago", "judged"), [(20.0, False), (899.0, False), (900.0, True)])
def test_a_rule_that_was_changed_is_not_judged_by_pings_from_before(ago: float, *, judged: bool) -> None:
    found = told(row=subject(rules=(rule(changed=NOW - ago),)), until=NOW)
    if judged:
        assert "was changed" not in found.reason
        return
    assert found.outcome is Outcome.NO_DATA
    assert found.reason.startswith("rule corkhounds-warm-places was changed ")
    assert found.reason.endswith(" ago, and what was read is from before")
