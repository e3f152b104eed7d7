"""The plan of warmers alone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from backendctl.aws.connection import Access, Aws
from backendctl.backend import Backend, Settings
from backendctl.engine.plan import Plan
from backendctl.errors import RefusedError
from backendctl.resources import KINDS
from backendctl.resources.deploy_context import DeployContext
from backendctl.resources.lambda_.alias import Alias
from backendctl.resources.lambda_.function import Function
from backendctl.resources.lambda_.permission import Permission
from backendctl.spec.model import Warm
from backendctl.spec.warming import build_warm
from backendctl.warmth.syncing import plan_warmers
from tests.unit.resources.lambda_helpers import EAST, PLACES, changed, context_of, deploy, emulated, put_role

LIVE = changed(PLACES, aliases=("live",), warm=Warm())
OFFICE = changed(LIVE, warm=build_warm({"only": "Mon-Fri 07:00-20:00 Europe/Dublin"}))
COLD = changed(LIVE, warm=None)
API = "backendctl-corkhounds-api-prodv1-live"


@pytest.fixture
def aws() -> Iterator[Aws]:
    with emulated() as made:
        put_role(made)
        yield made


def planned(aws: Aws, context: DeployContext) -> Plan:
    aws.forget()
    settings = Settings(spec=Path("corkhounds.yaml"), access=Access(), workers=2, regions=(EAST,))
    return plan_warmers(Backend(settings=settings, spec=context.spec, aws=aws, context=context))


def addresses(plan: Plan) -> dict[str, str]:
    return {change.address: str(change.action) for change in plan.changes}


def carry_out(aws: Aws, plan: Plan) -> None:
    rank = [kind.kind for kind in KINDS]
    for change in sorted(plan.changes, key=lambda one: rank.index(one.kind)):
        if change.desired is None:
            assert change.live is not None
            change.live.delete(aws)
        elif change.live is None:
            change.desired.create(aws)
        else:
            change.desired.update(aws, change.live)


def release(aws: Aws, context: DeployContext) -> None:
    deploy(aws, [*Function.desired(context), *Alias.desired(context)])


def grant_to_api(aws: Aws) -> None:
    """As `deploy` would; the ARN is of no API that there is, so that nothing here must know it."""
    aws.lambda_(EAST).add_permission(
        FunctionName=PLACES.physical,
        Qualifier="live",
        StatementId=API,
        Action="lambda:InvokeFunction",
        Principal="apigateway.amazonaws.com",
        SourceArn=f"arn:aws:execute-api:{EAST}:123456789012:abc/prodv1/*",
    )


def statements(aws: Aws) -> set[str]:
    aws.forget()
    context = context_of(LIVE)
    (wanted,) = Permission.desired(context)
    live = Permission.read(aws, wanted)
    return set() if live is None else set(live.statements or {})


def test_only_the_rule_and_its_permission_are_made_and_again_is_unchanged(aws: Aws) -> None:
    release(aws, context_of(COLD))
    grant_to_api(aws)
    plan = planned(aws, context_of(LIVE))
    assert addresses(plan) == {
        f"{EAST}/permission/places:live": "update",
        f"{EAST}/warmer/places": "create",
    }
    carry_out(aws, plan)
    assert statements(aws) == {API, "backendctl-corkhounds-warm-corkhounds-warm-places-live"}
    assert planned(aws, context_of(LIVE)).changes == ()


def test_what_is_no_longer_kept_warm_loses_rule_and_permission_and_nothing_else(aws: Aws) -> None:
    release(aws, context_of(COLD))
    grant_to_api(aws)
    carry_out(aws, planned(aws, context_of(LIVE)))
    plan = planned(aws, context_of(COLD))
    assert addresses(plan) == {
        f"{EAST}/permission/places:live": "update",
        f"{EAST}/warmer/places": "delete",
    }
    carry_out(aws, plan)
    assert statements(aws) == {API}
    assert planned(aws, context_of(COLD)).changes == ()


def test_from_a_rate_to_office_hours_and_back(aws: Aws) -> None:
    release(aws, context_of(COLD))
    carry_out(aws, planned(aws, context_of(LIVE)))
    there = planned(aws, context_of(OFFICE))
    assert addresses(there) == {
        "global/role/corkhounds-scheduler": "create",
        f"{EAST}/permission/places:live": "delete",
        f"{EAST}/warmer/places": "delete",
        f"{EAST}/schedule/places": "create",
    }
    carry_out(aws, there)
    assert planned(aws, context_of(OFFICE)).changes == ()
    back = planned(aws, context_of(LIVE))
    assert addresses(back) == {
        "global/role/corkhounds-scheduler": "delete",
        f"{EAST}/permission/places:live": "create",
        f"{EAST}/warmer/places": "create",
        f"{EAST}/schedule/places": "delete",
    }
    carry_out(aws, back)
    assert planned(aws, context_of(LIVE)).changes == ()


def test_what_is_not_there_yet_cannot_be_kept_warm(aws: Aws) -> None:
    with pytest.raises(RefusedError, match="has no corkhounds-places:live") as caught:
        planned(aws, context_of(LIVE))
    assert "backendctl deploy" in caught.value.hint
