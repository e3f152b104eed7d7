"""What is needed to find something again stays as long as it does."""

from __future__ import annotations

from backendctl.engine.action import Action
from backendctl.engine.plan import Change, Plan
from backendctl.engine.resource import Resource
from backendctl.remembering import remembering
from backendctl.resources.apigateway.stage import Stage
from backendctl.resources.lambda_.log_group import LogGroup
from backendctl.resources.ssm.region_index import RegionIndex
from backendctl.resources.ssm.release_parameters import ReleaseLog

EAST, WEST = "us-east-1", "us-west-2"


def gone(resource: Resource) -> Change:
    return Change(action=Action.DELETE, desired=None, live=resource)


def entry(region: str, name: str) -> Change:
    return gone(RegionIndex(region=region, name=name, owner="b", value=name))


def plan(*changes: Change) -> Plan:
    return Plan(backend="b", regions=(EAST, WEST), changes=changes)


STAGE = gone(Stage(region=WEST, name="prodv1", owner="b", api="b"))
LOGS = gone(LogGroup(region=WEST, name="/aws/lambda/b-one", owner="b"))
RELEASES = gone(ReleaseLog(region=WEST, name="b", owner="b"))
ENTRIES = (entry(EAST, EAST), entry(EAST, WEST), entry(WEST, EAST))


def left(whole: Plan, *chosen: Change, unseen: frozenset[str] = frozenset()) -> list[str]:
    return [change.address for change in remembering(whole, plan(*chosen), unseen=unseen).changes]


def test_a_destroy_of_everything_forgets_everything() -> None:
    every = (*ENTRIES, RELEASES, STAGE, LOGS)
    assert left(plan(*every), *every) == [change.address for change in every]


def test_the_entry_of_a_region_stays_while_anything_does_there() -> None:
    chosen = (*ENTRIES, RELEASES, STAGE)
    assert left(plan(*chosen, LOGS), *chosen) == [
        f"{EAST}/region-index/{EAST}",
        f"{WEST}/region-index/{EAST}",
        f"{WEST}/release-log/b",
        f"{WEST}/stage/prodv1",
    ]


def test_the_log_of_releases_stays_while_a_stage_does() -> None:
    assert left(plan(RELEASES, STAGE, LOGS), RELEASES, LOGS) == [LOGS.address]


def test_a_region_that_did_not_answer_is_not_forgotten() -> None:
    assert left(plan(*ENTRIES), *ENTRIES, unseen=frozenset({WEST})) == [
        f"{EAST}/region-index/{EAST}",
        f"{WEST}/region-index/{EAST}",
    ]


def test_what_is_made_is_no_matter_here() -> None:
    made = Change(action=Action.CREATE, desired=ENTRIES[1].live, live=None)
    assert left(plan(made, STAGE), made) == [made.address]
