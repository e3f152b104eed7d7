"""A web ACL in front of a stage: put there per region, found again, given back, and never taken from somebody else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.functional.project import Project
from tests.functional.sandboxed import ACCOUNT, eventually

EAST, WEST = "us-east-1", "us-west-2"
MARK = "backendctl:web-acl"


def made_acl(project: Project, region: str, name: str) -> str:
    """A new regional web ACL; its ARN."""
    visibility = {"SampledRequestsEnabled": False, "CloudWatchMetricsEnabled": False, "MetricName": name}
    made = project.client("wafv2", region).create_web_acl(
        Name=f"{project.name}-{name}", Scope="REGIONAL", DefaultAction={"Allow": {}}, VisibilityConfig=visibility
    )
    return str(made["Summary"]["ARN"])


def stage_in(project: Project, region: str) -> dict[str, Any]:
    """The stage as API Gateway tells it."""
    api = project.client("apigateway", region)
    found: dict[str, Any] = api.get_stage(restApiId=project.apis(region)[0]["id"], stageName="prodv1")
    return found


def put_by_hand(project: Project, region: str, arn: str) -> None:
    """As somebody does in the console, again while it is too new."""
    stage = f"arn:aws:apigateway:{region}::/restapis/{project.apis(region)[0]['id']}/stages/prodv1"
    waf = project.client("wafv2", region)

    def put() -> bool:
        try:
            waf.associate_web_acl(WebACLArn=arn, ResourceArn=stage)
        except waf.exceptions.WAFUnavailableEntityException:
            return False
        return True

    eventually(put)


@pytest.fixture
def project(new_project: Callable[..., Project]) -> Project:
    """One function behind one stage, in two regions."""
    made = new_project()
    del made.spec["functions"]["two"], made.spec["domain"], made.spec["tables"], made.routes["/two"]
    made.spec["functions"]["one"] |= {"environment": {}}
    made.spec["functions"]["one"].pop("warm", None)
    made.spec["api"]["stages"] = {"prodv1": {"variables": {"oneAlias": "version1"}}}
    made.save()
    made.command("sandbox", "up")
    return made


def web_acls(project: Project, *arns: str) -> None:
    """What the spec says from now on: one for each region, or none at all."""
    stage = project.spec["api"]["stages"]["prodv1"]
    stage.pop("web-acl", None)
    if arns:
        stage["web-acl"] = dict(zip((EAST, WEST), arns, strict=False))
    project.save()


def test_a_web_acl_stands_in_front_of_the_stage_in_every_region_until_the_spec_says_no_more(project: Project) -> None:
    first = made_acl(project, EAST, "first"), made_acl(project, WEST, "first")
    web_acls(project, *first)
    project.deploy()
    assert [stage_in(project, region)["webAclArn"] for region in (EAST, WEST)] == list(first)
    project.assert_nothing_to_do()
    status = project.run("status", "-o", "json").json["regions"][EAST]["resources"]
    assert status["web-acl/prodv1"]["state"] == "ok"

    project.write_function("one", release="2")
    second = made_acl(project, EAST, "second")
    web_acls(project, second, first[1])  # ours gives way to ours, in one call
    told = project.deploy().actions()
    assert {address: action for address, action in told.items() if "/web-acl/" in address} == {
        f"{EAST}/web-acl/prodv1": "update"
    }
    assert [stage_in(project, region)["webAclArn"] for region in (EAST, WEST)] == [second, first[1]]

    web_acls(project)
    told = project.deploy().actions()
    assert told == {f"{EAST}/web-acl/prodv1": "delete", f"{WEST}/web-acl/prodv1": "delete"}
    for region in (EAST, WEST):
        stage = stage_in(project, region)
        assert "webAclArn" not in stage
        assert MARK not in stage["tags"]
    project.assert_nothing_to_do()


def test_what_somebody_else_put_there_stays_until_it_is_adopted(project: Project) -> None:
    project.deploy()
    foreign, ours = made_acl(project, EAST, "foreign"), made_acl(project, EAST, "ours")
    put_by_hand(project, EAST, foreign)
    project.assert_nothing_to_do()  # the spec says nothing of it

    web_acls(project, ours)
    refused = project.deploy(expect=1)
    assert f"{EAST}/web-acl/prodv1 exists and is not ours" in refused.err
    assert stage_in(project, EAST)["webAclArn"] == foreign
    project.deploy("--adopt", f"{EAST}/web-acl/prodv1")
    assert stage_in(project, EAST)["webAclArn"] == ours

    put_by_hand(project, EAST, foreign)  # and what replaced ours is not ours either
    assert f"{EAST}/web-acl/prodv1 exists and is not ours" in project.deploy(expect=1).err
    assert stage_in(project, EAST)["webAclArn"] == foreign
    web_acls(project)
    project.assert_nothing_to_do()
    web_acls(project, *(made_acl(project, region, "synced") for region in (EAST, WEST)))
    refused = project.run("sync-api", "-y", expect=1)  # not ours in one region; nothing is changed in the other
    assert f"{EAST}/web-acl/prodv1 exists and is not ours" in refused.err
    assert "name in the spec the web ACL that is there, or none" in refused.err
    assert stage_in(project, EAST)["webAclArn"] == foreign
    assert "webAclArn" not in stage_in(project, WEST)
    web_acls(project, foreign, project.spec["api"]["stages"]["prodv1"]["web-acl"][WEST])
    project.run("sync-api", "-y")
    assert stage_in(project, WEST)["webAclArn"] == project.spec["api"]["stages"]["prodv1"]["web-acl"][WEST]
    project.assert_nothing_to_do()
    project.run("destroy", "-y")
    acls = project.client("wafv2", EAST)
    listed = {one["ARN"]: one for one in acls.list_web_acls(Scope="REGIONAL")["WebACLs"]}
    assert {foreign, ours} <= listed.keys()  # they are nobody's here


def test_a_new_region_gets_its_web_acl_with_its_stage_and_a_destroy_lets_it_go(project: Project) -> None:
    arns = made_acl(project, EAST, "own"), made_acl(project, WEST, "own")
    project.spec["regions"] = [EAST]
    web_acls(project, arns[0])
    project.deploy()
    project.spec["regions"] = [EAST, WEST]
    web_acls(project, *arns)
    told = project.deploy().actions()
    assert told[f"{WEST}/web-acl/prodv1"] == "create"
    assert stage_in(project, WEST)["webAclArn"] == arns[1]

    waf = project.client("wafv2", WEST)
    listed = next(one for one in waf.list_web_acls(Scope="REGIONAL")["WebACLs"] if one["ARN"] == arns[1])
    naming = {"Name": listed["Name"], "Scope": "REGIONAL", "Id": listed["Id"], "LockToken": listed["LockToken"]}
    with pytest.raises(waf.exceptions.WAFAssociatedItemException):
        waf.delete_web_acl(**naming)
    project.run("destroy", "-y")
    waf.delete_web_acl(**naming)


def test_a_web_acl_of_another_region_account_or_scope_is_refused_with_its_place(project: Project) -> None:
    def said(arn: str) -> str:
        web_acls(project, arn)
        return project.run("validate", expect=64).err

    west = f"arn:aws:wafv2:{WEST}:{ACCOUNT}:regional/webacl/shop/11111111-2222-3333-4444-555555555555"
    assert f"'{west}' is in {WEST}, and {EAST} needs one of its own" in said(west)
    scope = west.replace(WEST, EAST).replace("regional/", "global/")
    assert "is not a regional web ACL" in said(scope)
    assert "is in the partition aws-cn" in said(west.replace(WEST, EAST).replace("arn:aws:", "arn:aws-cn:"))
    assert "the ARN of a regional web ACL, arn:aws:wafv2:" in said("shop")
    place = next(line for line in said(west).splitlines() if "spec.yaml:" in line)
    lines = (project.folder / "spec.yaml").read_text().splitlines()
    assert west in lines[int(place.split("spec.yaml:")[1].split(":")[0]) - 1]
