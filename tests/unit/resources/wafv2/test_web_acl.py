"""A web ACL in front of a stage: what is ours, what a kill leaves, and what somebody else puts there meanwhile."""

from __future__ import annotations

from typing import Any, cast

import pytest

from backendctl.aws.connection import Aws
from backendctl.aws.errors import ClientError
from backendctl.aws.retry import Rule, rule_for
from backendctl.engine.action import Action
from backendctl.engine.plan import change_of
from backendctl.errors import BackendctlError
from backendctl.resources.wafv2.web_acl import MARK, WebAcl

EAST = "us-east-1"
STAGE = f"arn:aws:apigateway:{EAST}::/restapis/a1/stages/v1"
OURS, OTHER = (f"arn:aws:wafv2:{EAST}:123456789012:regional/webacl/{name}/id" for name in ("ours", "other"))


class Cloud:
    """One API of ours with one stage; what is asked of WAF and of tags is done at once."""

    backend, partition = "shop", "aws"

    def __init__(self, **stage: Any) -> None:
        self.stage = {"stageName": "v1", "tags": {"backendctl:backend": "shop"}, **stage}
        self.calls: list[str] = []

    def apigateway(self, region: str) -> Cloud:
        assert region == EAST
        return self

    def client(self, service: str, region: str) -> Cloud:
        assert (service, region) == ("wafv2", EAST)
        return self

    def shared(self, key: tuple[str, ...], load: Any, *, lasting: bool = False) -> Any:
        del lasting
        apis = [{"id": "a1", "name": "shop", "tags": self.stage["tags"]}]
        return apis if key[0] == "apis" else load()

    def forget(self, *prefix: str) -> None:
        """Nothing is kept."""

    def get_stages(self, **asked: str) -> dict[str, Any]:
        assert asked == {"restApiId": "a1"}
        return {"item": [self.stage]}

    def associate_web_acl(self, **asked: str) -> None:
        assert asked["ResourceArn"] == STAGE
        self.calls.append("associate")
        self.stage["webAclArn"] = asked["WebACLArn"]

    def disassociate_web_acl(self, **asked: str) -> None:
        assert asked["ResourceArn"] == STAGE
        self.calls.append("disassociate")
        del self.stage["webAclArn"]

    def tag_resource(self, **asked: Any) -> None:
        assert asked["resourceArn"] == STAGE
        self.calls.append("tag")
        self.stage["tags"] = {**self.stage["tags"], **asked["tags"]}

    def untag_resource(self, **asked: Any) -> None:
        self.calls.append("untag")
        self.stage["tags"] = {key: one for key, one in self.stage["tags"].items() if key not in asked["tagKeys"]}


def aws(cloud: Cloud) -> Aws:
    return cast("Aws", cloud)


def wanted(arn: str = OURS) -> WebAcl:
    return WebAcl(region=EAST, name="v1", owner="shop", api="shop", arn=arn, marked=True)


def held(arn: str, mark: str = "") -> Cloud:
    tags = {"backendctl:backend": "shop", **({MARK: mark} if mark else {})}
    return Cloud(webAclArn=arn, tags=tags)


def test_what_is_put_there_is_ours_and_as_wanted_afterwards() -> None:
    cloud = Cloud()
    assert WebAcl.read(aws(cloud), wanted()) is None
    wanted().create(aws(cloud))
    assert change_of(wanted(), WebAcl.read(aws(cloud), wanted())) is None
    assert [one.arn for one in WebAcl.owned(aws(cloud), EAST)] == [OURS]


def test_what_the_tag_does_not_name_is_foreign_unless_it_is_what_the_spec_names() -> None:
    foreign = change_of(wanted(), WebAcl.read(aws(held(OTHER)), wanted()))
    assert foreign is not None
    assert foreign.foreign
    assert list(WebAcl.owned(aws(held(OTHER)), EAST)) == []
    assert list(WebAcl.owned(aws(held(OTHER, mark=OURS)), EAST)) == []  # put over ours by hand
    same = change_of(wanted(), WebAcl.read(aws(held(OURS)), wanted()))
    assert same is not None
    assert not same.foreign


def test_ours_gives_way_to_another_of_the_spec_in_one_call() -> None:
    cloud = held(OTHER, mark=OTHER)
    live = WebAcl.read(aws(cloud), wanted())
    change = change_of(wanted(), live)
    assert change is not None
    assert (change.action, change.foreign) == (Action.UPDATE, False)
    assert live is not None
    wanted().update(aws(cloud), live)
    assert cloud.calls == ["associate", "tag"]


def test_a_kill_before_the_tag_is_made_good_without_touching_the_web_acl() -> None:
    cloud = held(OURS, mark=OTHER)
    live = WebAcl.read(aws(cloud), wanted())
    assert live is not None
    change = change_of(wanted(), live)
    assert change is not None
    assert [one.field for one in change.fields] == ["marked"]
    wanted().update(aws(cloud), live)
    assert cloud.calls == ["tag"]
    assert change_of(wanted(), WebAcl.read(aws(cloud), wanted())) is None


def test_what_somebody_puts_there_after_the_plan_is_not_replaced() -> None:
    cloud = Cloud()
    cloud.stage["webAclArn"] = OTHER
    with pytest.raises(BackendctlError, match=f"changed since the plan: the stage now has {OTHER}"):
        wanted().create(aws(cloud))
    assert cloud.calls == []


def test_a_delete_gives_the_stage_back_and_takes_the_tag() -> None:
    cloud = held(OURS, mark=OURS)
    (live,) = WebAcl.owned(aws(cloud), EAST)
    live.delete(aws(cloud))
    assert cloud.calls == ["disassociate", "untag"]
    assert cloud.stage["tags"] == {"backendctl:backend": "shop"}


def test_a_tag_that_a_kill_has_left_is_ours_to_remove_and_names_nothing_that_comes_later() -> None:
    cloud = Cloud(tags={"backendctl:backend": "shop", MARK: OURS})
    assert WebAcl.read(aws(cloud), wanted()) is None
    (live,) = WebAcl.owned(aws(cloud), EAST)
    live.delete(aws(cloud))
    assert cloud.calls == ["untag"]
    assert list(WebAcl.owned(aws(cloud), EAST)) == []


def test_a_kill_before_the_association_leaves_nothing_that_is_taken_for_somebody_elses() -> None:
    cloud = Cloud()
    wanted().create(aws(cloud))
    assert cloud.calls == ["tag", "associate"]


def test_a_web_acl_that_is_not_there_is_named_with_where_to_find_those_that_are() -> None:
    def missing(**_: str) -> None:
        raise ClientError({"Error": {"Code": "WAFNonexistentItemException", "Message": "no"}}, "AssociateWebACL")

    cloud = Cloud()
    cloud.associate_web_acl = missing  # type: ignore[method-assign]
    with pytest.raises(BackendctlError, match=f"there is no web ACL {OURS} in {EAST}") as refused:
        wanted().create(aws(cloud))
    assert "aws wafv2 list-web-acls --scope REGIONAL --region us-east-1" in refused.value.hint


def test_a_delete_leaves_what_somebody_has_put_there_meanwhile() -> None:
    cloud = held(OURS, mark=OURS)
    (live,) = WebAcl.owned(aws(cloud), EAST)
    cloud.stage["webAclArn"] = OTHER
    live.delete(aws(cloud))
    assert cloud.calls == ["untag"]


def test_a_web_acl_that_was_just_made_is_waited_for() -> None:
    def rule(code: str) -> Rule | None:
        return rule_for(service="wafv2", operation="AssociateWebACL", code=code, message="Retry your request.")

    waiting = rule("WAFUnavailableEntityException")
    assert waiting is not None
    assert waiting.limit >= 60
    assert rule("WAFNonexistentItemException") is None
