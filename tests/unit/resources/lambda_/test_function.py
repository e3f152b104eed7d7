"""Functions and their versions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from backendctl.aws.connection import Aws
from backendctl.engine.diff import differences
from backendctl.errors import BackendctlError
from backendctl.package import Artefact
from backendctl.resources.deploy_context import DeployContext, Link
from backendctl.resources.lambda_ import lambda_code, lambda_reads, lambda_waits
from backendctl.resources.lambda_.function import Function
from backendctl.spec.model import Code, StageSpec, Vpc
from tests.unit.resources.lambda_helpers import (
    EAST,
    PLACES,
    PROD,
    WEST,
    artefact,
    changed,
    context_of,
    deploy,
    emulated,
    put_role,
)

NAME = "corkhounds-places"


@pytest.fixture
def aws() -> Iterator[Aws]:
    with emulated() as made:
        put_role(made)
        yield made


def wanted(context: DeployContext) -> Function:
    return next(iter(Function.desired(context)))


def pending(aws: Aws, context: DeployContext) -> list[str]:
    aws.forget()
    desired = wanted(context)
    return [change.field for change in differences(desired, Function.read(aws, desired))]


def descriptions(aws: Aws) -> list[str]:
    aws.forget()
    return [version.description for version in lambda_reads.versions(aws, EAST, NAME)]


def test_every_region_gets_every_function() -> None:
    found = [(f.region, f.name) for f in Function.desired(context_of(PLACES, regions=[EAST, WEST]))]
    assert found == [(EAST, "places"), (WEST, "places")]


def test_a_function_needs_its_role_and_its_log_group() -> None:
    assert wanted(context_of(PLACES)).needs() == {
        "global/role/corkhounds-lambda",
        f"{EAST}/log-group//aws/lambda/{NAME}",
    }


def test_the_second_plan_is_empty(aws: Aws) -> None:
    context = context_of(PLACES)
    assert "code" in pending(aws, context)
    deploy(aws, [wanted(context)])
    assert pending(aws, context) == []


def test_a_new_function_is_marked_and_published(aws: Aws) -> None:
    context = context_of(PLACES)
    deploy(aws, [wanted(context)])
    tags = lambda_reads.function_tags(aws, EAST, NAME)
    assert tags == {"backendctl:backend": "corkhounds", "backendctl:name": "places"}
    assert descriptions(aws) == [wanted(context).note]


def test_new_code_is_a_new_version(aws: Aws) -> None:
    deploy(aws, [wanted(context_of(PLACES))])
    second = context_of(PLACES, code="second")
    assert pending(aws, second) == ["code", "release"]
    deploy(aws, [wanted(second)])
    assert pending(aws, second) == []
    assert len(descriptions(aws)) == 2


def test_a_change_of_what_the_plan_saw_asks_once_whether_it_is_through(aws: Aws) -> None:
    deploy(aws, [wanted(context_of(PLACES))])
    second = wanted(context_of(PLACES, code="second"))
    aws.forget()
    live = Function.read(aws, second)
    assert live is not None
    asked: list[str] = []
    aws.lambda_(EAST).meta.events.register("before-call.lambda.GetFunction", lambda **_: asked.append("GetFunction"))
    aws.begin()
    second.update(aws, live)
    assert asked == ["GetFunction"]


def test_a_change_by_somebody_else_since_the_plan_is_seen_and_the_spec_holds(aws: Aws) -> None:
    deploy(aws, [wanted(context_of(PLACES))])
    second = wanted(context_of(PLACES, code="second"))
    aws.forget()
    live = Function.read(aws, second)
    assert live is not None
    aws.lambda_(EAST).update_function_configuration(FunctionName=NAME, MemorySize=3008, Description="theirs")
    aws.begin()
    second.update(aws, live)
    config = aws.lambda_(EAST).get_function(FunctionName=NAME)["Configuration"]
    assert config["CodeSha256"] == second.code
    assert config["MemorySize"] == second.memory


def test_a_function_that_only_lacks_a_version_and_was_changed_since_the_plan_is_looked_at_again(
    aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = aws.lambda_(EAST)
    publish = client.publish_version

    def guarded(**asked: Any) -> Any:
        now = client.get_function(FunctionName=NAME)["Configuration"]
        if asked["CodeSha256"] != now["CodeSha256"]:  # the emulated Lambda has no revisions to hold against each other
            raise ClientError({"Error": {"Code": "PreconditionFailedException"}}, "PublishVersion")  # B10
        return publish(**asked)

    monkeypatch.setattr(client, "publish_version", guarded)
    deploy(aws, [wanted(context_of(PLACES))])
    second = wanted(context_of(PLACES, code="second"))
    aws.lambda_(EAST).update_function_code(FunctionName=NAME, ZipFile=artefact("second").content())
    aws.forget()
    live = Function.read(aws, second)
    assert live is not None
    aws.lambda_(EAST).update_function_code(FunctionName=NAME, ZipFile=artefact("theirs").content())
    aws.begin()
    second.update(aws, live)
    versions = aws.lambda_(EAST).list_versions_by_function(FunctionName=NAME)["Versions"]
    assert versions[-1]["CodeSha256"] == second.code


def test_a_function_that_has_lost_our_mark_since_the_plan_is_not_deleted(aws: Aws) -> None:
    desired = wanted(context_of(PLACES))
    deploy(aws, [desired])
    arn = aws.lambda_(EAST).get_function(FunctionName=NAME)["Configuration"]["FunctionArn"]
    aws.lambda_(EAST).untag_resource(Resource=arn, TagKeys=["backendctl:backend"])
    with pytest.raises(BackendctlError, match=f"function {NAME} in {EAST} no longer has the tag"):
        desired.delete(aws)
    assert aws.lambda_(EAST).get_function(FunctionName=NAME)


def test_new_configuration_is_a_new_version(aws: Aws) -> None:
    deploy(aws, [wanted(context_of(PLACES))])
    second = context_of(changed(PLACES, memory=2048, environment={"TABLE": "other"}))
    assert pending(aws, second) == ["memory", "environment.TABLE", "release"]
    deploy(aws, [wanted(second)])
    assert pending(aws, second) == []
    assert len(descriptions(aws)) == 2


def test_the_environment_is_replaced_as_a_whole(aws: Aws) -> None:
    deploy(aws, [wanted(context_of(PLACES))])
    deploy(aws, [wanted(context_of(changed(PLACES, environment={"OTHER": "1"})))])
    config = aws.lambda_(EAST).get_function_configuration(FunctionName=NAME)
    assert config["Environment"]["Variables"] == {"OTHER": "1"}


def test_the_values_of_the_environment_are_never_shown(aws: Aws) -> None:
    deploy(aws, [wanted(context_of(PLACES))])
    desired = wanted(context_of(changed(PLACES, environment={"TABLE": "s3cret"})))
    aws.forget()
    change = next(c for c in differences(desired, Function.read(aws, desired)) if c.field == "environment.TABLE")
    assert change.before.startswith("•••")
    assert change.after.startswith("•••")
    assert "s3cret" not in repr(desired)


def test_a_description_alone_is_no_release(aws: Aws) -> None:
    deploy(aws, [wanted(context_of(PLACES))])
    second = context_of(changed(PLACES, description="places near you"))
    assert pending(aws, second) == ["description"]
    deploy(aws, [wanted(second)])
    assert pending(aws, second) == []
    assert len(descriptions(aws)) == 1


def test_going_back_publishes_nothing(aws: Aws) -> None:
    first, second = context_of(PLACES), context_of(PLACES, code="second")
    deploy(aws, [wanted(first), wanted(second), wanted(first)])
    assert pending(aws, first) == []
    assert len(descriptions(aws)) == 2


def test_a_kill_between_update_and_publish_is_repaired(aws: Aws) -> None:
    deploy(aws, [wanted(context_of(PLACES))])
    second = context_of(PLACES, code="second")
    aws.lambda_(EAST).update_function_code(FunctionName=NAME, ZipFile=artefact("second").content())
    assert pending(aws, second) == ["release"]
    deploy(aws, [wanted(second)])
    assert pending(aws, second) == []
    assert len(descriptions(aws)) == 2


def test_a_kill_between_create_and_publish_is_repaired(aws: Aws) -> None:
    desired = wanted(context_of(PLACES))
    aws.lambda_(EAST).create_function(**desired._creation(aws))
    assert pending(aws, context_of(PLACES)) == ["release"]
    deploy(aws, [desired])
    assert pending(aws, context_of(PLACES)) == []


def test_a_release_is_compared_with_what_it_takes_the_place_of_and_not_with_what_a_pinned_stage_serves(
    aws: Aws,
) -> None:
    old = StageSpec(name="prodv2", variables={"placesAlias": "version2"})
    links = [Link(stage=PROD, variable="placesAlias", function=PLACES, alias="version1")]
    links.append(Link(stage=old, variable="placesAlias", function=PLACES, alias="version2"))

    def both(code: str) -> DeployContext:
        return replace(context_of(PLACES, links=links, code=code), versions={(EAST, NAME, "version1"): "2"})

    for code in ("first", "a fix of v1"):
        deploy(aws, [wanted(context_of(PLACES, code=code))])
    for alias, number in {"version2": "1", "version2-a": "1", "version2-b": "2", "version1": "2"}.items():
        aws.lambda_(EAST).create_alias(FunctionName=NAME, Name=alias, FunctionVersion=number)
    desired = wanted(both("second"))
    aws.forget()
    told = {change.field: change.before for change in differences(desired, Function.read(aws, desired))}
    assert told == {
        "code": artefact("first").sha256,
        "release": wanted(context_of(PLACES, code="first")).release,
    }


def test_naming_what_aws_has_by_default_changes_nothing(aws: Aws) -> None:
    deploy(aws, [wanted(context_of(PLACES))])
    second = context_of(changed(PLACES, ephemeral_storage=512))
    assert wanted(second).release != wanted(context_of(PLACES)).release
    assert pending(aws, second) == []


def test_an_older_version_that_aws_gives_back_is_accepted_when_it_is_the_same(aws: Aws) -> None:
    """AWS publishes nothing when nothing changed since the last version (B23)."""
    deploy(aws, [wanted(context_of(PLACES))])
    found = lambda_waits.settled(aws, EAST, NAME)
    wanted(context_of(changed(PLACES, ephemeral_storage=512)))._publish(aws, found, ())
    assert len(descriptions(aws)) == 1


def test_an_older_version_that_is_another_is_an_error(aws: Aws) -> None:
    deploy(aws, [wanted(context_of(PLACES))])
    found = lambda_waits.settled(aws, EAST, NAME)
    with pytest.raises(BackendctlError, match="is not what was deployed"):
        wanted(context_of(changed(PLACES, memory=2048)))._publish(aws, found, ())


def test_create_on_our_own_function_updates_it(aws: Aws) -> None:
    deploy(aws, [wanted(context_of(PLACES))])
    second = context_of(PLACES, code="second")
    wanted(second).create(aws)
    assert pending(aws, second) == []


def test_create_on_a_foreign_function_is_refused(aws: Aws) -> None:
    arguments = wanted(context_of(PLACES))._creation(aws) | {"Tags": {}}
    aws.lambda_(EAST).create_function(**arguments)
    with pytest.raises(ClientError, match="already exist"):
        wanted(context_of(PLACES)).create(aws)


def test_a_foreign_function_is_not_ours_until_it_is_adopted(aws: Aws) -> None:
    desired = wanted(context_of(PLACES))
    aws.lambda_(EAST).create_function(**(desired._creation(aws) | {"Tags": {"team": "maps"}}))
    live = Function.read(aws, desired)
    assert live is not None
    assert live.owner is None
    assert list(Function.owned(aws, EAST)) == []
    deploy(aws, [desired])
    tags = lambda_reads.function_tags(aws, EAST, NAME)
    assert tags["backendctl:backend"] == "corkhounds"
    assert tags["team"] == "maps"


def test_owned_finds_our_functions_by_their_name_in_the_spec(aws: Aws) -> None:
    odd = changed(PLACES, name="spots", physical="old-spots-api")
    deploy(aws, [wanted(context_of(PLACES)), wanted(context_of(odd))])
    assert sorted(live.name for live in Function.owned(aws, EAST)) == ["places", "spots"]


def test_delete_takes_the_function_and_may_be_repeated(aws: Aws) -> None:
    deploy(aws, [wanted(context_of(PLACES))])
    live = next(iter(Function.owned(aws, EAST)))
    live.delete(aws)
    live.delete(aws)
    aws.forget()
    assert lambda_reads.functions(aws, EAST) == {}


def test_a_function_that_got_another_name_in_the_spec_is_not_deleted(aws: Aws) -> None:
    deploy(aws, [wanted(context_of(PLACES))])
    old = next(iter(Function.owned(aws, EAST)))
    deploy(aws, [wanted(context_of(changed(PLACES, name="spots")))])
    old.delete(aws)
    aws.forget()
    assert [live.name for live in Function.owned(aws, EAST)] == ["spots"]


def test_no_vpc_is_a_setting_like_any_other() -> None:
    inside = wanted(context_of(changed(PLACES, vpc=Vpc(subnets=("s-2", "s-1"), security_groups=("g",)))))
    outside = wanted(context_of(PLACES))
    assert [change.field for change in differences(outside, inside)] == ["vpc", "release"]
    assert inside.vpc == Vpc(subnets=("s-1", "s-2"), security_groups=("g",))


def test_large_code_goes_through_the_bucket_of_the_region(aws: Aws) -> None:
    aws.s3(EAST).create_bucket(Bucket="code-us-east-1")
    code = Code(path=Path("places"), bucket="code-{region}")
    built = artefact()
    first = lambda_code.code_arguments(aws, EAST, code=code, artefact=built)
    assert first == lambda_code.code_arguments(aws, EAST, code=code, artefact=built)
    assert first["S3Bucket"] == "code-us-east-1"
    assert first["S3Key"].startswith("corkhounds/")
    held = aws.s3(EAST).get_object(Bucket="code-us-east-1", Key=first["S3Key"])["Body"].read()
    assert held == built.content()


def test_large_code_without_a_bucket_is_a_plain_sentence(aws: Aws) -> None:
    large = Artefact(sha256="x", size=60_000_000, unzipped=1, path=Path("none.zip"))
    with pytest.raises(BackendctlError, match="60000000 bytes"):
        lambda_code.code_arguments(aws, EAST, code=Code(path=Path("places")), artefact=large)


def test_ready_made_code_is_named_not_sent(aws: Aws) -> None:
    s3, image = Code(s3="s3://bucket/a/b.zip"), Code(image="1.dkr.ecr.us-east-1.amazonaws.com/x:1")
    assert lambda_code.code_arguments(aws, EAST, code=s3, artefact=None) == {"S3Bucket": "bucket", "S3Key": "a/b.zip"}
    assert lambda_code.code_arguments(aws, EAST, code=image, artefact=None) == {"ImageUri": image.image}
