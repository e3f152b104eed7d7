"""Which rows there are, and whose invocations are whose."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse

from backendctl.aws.connection import Access, Aws
from backendctl.backend import Backend, Settings
from backendctl.resources.deploy_context import DeployContext, Link
from backendctl.spec.model import StageSpec
from backendctl.warmth.subject import Subject
from backendctl.warmth.subjects import Named, of_named, of_spec
from tests.unit.resources.lambda_helpers import (
    EAST,
    PLACES,
    PROD,
    changed,
    context_of,
    put_api,
    staged_context,
)

NAME = PLACES.physical
FORMAT = '{"id":"$context.requestId","lambda":"$context.integration.requestId"}'


@dataclass
class Lambda:
    """What Lambda and EventBridge list, at botocore's own seam."""

    functions: dict[str, dict[str, Any]] = field(default_factory=dict)
    versions: dict[str, int] = field(default_factory=dict)
    aliases: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    provisioned: list[dict[str, Any]] = field(default_factory=list)

    def attach(self, aws: Aws) -> None:
        """Answer its calls."""
        answers = {
            "sts.GetCallerIdentity": lambda _: {"Account": "123456789012", "Arn": "arn:aws:iam::123456789012:user/x"},
            "lambda.ListFunctions": lambda _: {"Functions": list(self.functions.values())},
            "lambda.ListAliases": lambda name: {"Aliases": self.aliases.get(name, [])},
            "lambda.ListVersionsByFunction": lambda name: {"Versions": self._versions(name)},
            "lambda.ListProvisionedConcurrencyConfigs": lambda _: {"ProvisionedConcurrencyConfigs": self.provisioned},
            "eventbridge.ListRules": lambda _: {"Rules": []},
            "eventbridge.ListRuleNamesByTarget": lambda _: {"RuleNames": []},
        }
        headers: Any = {}
        for operation, answer in answers.items():

            def give(*, params: Any, answer: Any = answer, **_: Any) -> tuple[AWSResponse, Any]:
                name = params["url_path"].split("/functions/")[-1].split("/")[0]
                return AWSResponse("", 200, headers, None), answer(name)

            client: Any = {"lambda": aws.lambda_, "eventbridge": aws.events, "sts": aws.sts}[operation.split(".")[0]](
                EAST
            )
            client.meta.events.register(f"before-call.{operation}", give)

    def put(self, name: str = NAME, *, versions: int = 3, **config: Any) -> None:
        """A function with that many versions."""
        self.functions[name] = {"FunctionName": name, "MemorySize": 128, **config}
        self.versions[name] = versions

    def alias(self, name: str = NAME, **versions: str) -> None:
        """Aliases of it; _ stands for -."""
        self.aliases[name] = [
            {"Name": alias.replace("_", "-"), "FunctionVersion": version} for alias, version in versions.items()
        ]

    def _versions(self, name: str) -> list[dict[str, Any]]:
        config = self.functions[name] | {"LastModified": "2026-11-28T13:00:00.000+0000", "CodeSha256": ""}
        return [config | {"Version": str(number)} for number in range(1, self.versions[name] + 1)]


@pytest.fixture(scope="module")
def connection() -> tuple[Aws, Lambda]:
    aws, fake = Aws(Access(keys=("testing", "testing"), time_scale=0.0), backend="corkhounds"), Lambda()
    fake.attach(aws)
    return aws, fake


@pytest.fixture
def aws(connection: tuple[Aws, Lambda]) -> Aws:
    found, fake = connection
    for state in (fake.functions, fake.versions, fake.aliases, fake.provisioned):
        state.clear()
    found.forget()
    return found


@pytest.fixture
def functions(connection: tuple[Aws, Lambda]) -> Lambda:
    return connection[1]


def stage(name: str, slot: str, **more: Any) -> dict[str, Any]:
    return {"stageName": name, "variables": {"placesAlias": slot}, **more}


def rows(aws: Aws, world: DeployContext | None = None, names: Sequence[str] = ()) -> list[Subject]:
    aws.forget()
    world = world or staged_context()
    settings = Settings(spec=Path("corkhounds.yaml"), access=Access())
    backend = Backend(settings=settings, spec=world.spec, aws=aws, context=world)
    wanted = names or [function.name for function in world.spec.functions_in(EAST)]
    return [subject for name in wanted for subject in of_spec(backend, EAST, name)]


def test_a_row_is_what_the_live_stage_s_variable_names(aws: Aws, functions: Lambda) -> None:
    functions.put(MemorySize=512)
    functions.alias(version1_a="1", version1_b="3")
    put_api(aws, stages=[stage("prodv1", "version1-b")])
    (row,) = rows(aws)
    assert (row.called, row.version, row.stages, row.memory_mb) == (f"{NAME}:version1-b", "3", ("prodv1",), 512)
    assert (row.api, row.log_group) == ("corkhounds", f"/aws/lambda/{NAME}")
    assert row.aliases == {"version1-a": "1", "version1-b": "3"}
    assert (row.is_in_spec, row.wants_warmth, row.access_groups) == (True, True, None)


def test_all_versions_that_served_an_only_alias_are_its_row_s(aws: Aws, functions: Lambda) -> None:
    """A release in the middle of the window moved users from one version to the next."""
    functions.put()
    functions.alias(version1_a="2", version1_b="3")
    put_api(aws, stages=[stage("prodv1", "version1-b")])
    (row,) = rows(aws)
    assert row.versions == frozenset(frozenset({"1", "2", "3"}))


def test_a_canary_has_a_row_of_its_own_version(aws: Aws, functions: Lambda) -> None:
    functions.put()
    functions.alias(version1_a="3", version1_b="2")
    canary = {"percentTraffic": 10, "stageVariableOverrides": {"placesAlias": "version1-a"}}
    put_api(aws, stages=[stage("prodv1", "version1-b", canarySettings=canary)])
    base, share = rows(aws)
    assert (base.alias, base.versions, base.api) == ("version1-b", frozenset({"1", "2"}), "corkhounds")
    assert (share.alias, share.versions, share.api) == ("version1-a", frozenset({"3"}), None)


def test_two_stages_with_two_aliases_share_no_version(aws: Aws, functions: Lambda) -> None:
    functions.put(versions=4)
    functions.alias(version1_a="1", version1_b="2", version2_a="3", version2_b="4")
    beta = StageSpec(name="beta", variables={"betaAlias": "version2"})
    links = [
        Link(stage=PROD, variable="placesAlias", function=PLACES, alias="version1"),
        Link(stage=beta, variable="betaAlias", function=PLACES, alias="version2"),
    ]
    live = [stage("prodv1", "version1-b"), {"stageName": "beta", "variables": {"betaAlias": "version2-a"}}]
    put_api(aws, stages=live)
    world = context_of(PLACES, links=links)
    one, two = rows(aws, world)
    assert (one.alias, one.versions, one.stages) == ("version1-b", frozenset({"1", "2"}), ("prodv1",))
    assert (two.alias, two.versions, two.stages) == ("version2-a", frozenset({"3", "4"}), ("beta",))


def test_a_function_without_an_alias_is_its_latest(aws: Aws, functions: Lambda) -> None:
    functions.put()
    (row,) = rows(aws, context_of(PLACES))
    assert (row.called, row.version, row.versions, row.api) == (NAME, "$LATEST", frozenset({"$LATEST"}), None)


def test_a_function_or_alias_that_is_not_there_is_a_row_too(aws: Aws, functions: Lambda) -> None:
    put_api(aws, stages=[stage("prodv1", "version1-b")])
    (row,) = rows(aws)
    assert (row.is_there, row.rules) == (False, ())
    functions.put()
    (row,) = rows(aws)
    assert (row.is_there, row.called) == (False, f"{NAME}:version1-b")


def test_a_function_that_no_live_stage_leads_to_is_a_row_too(aws: Aws, functions: Lambda) -> None:
    functions.put()
    put_api(aws, None)
    (row,) = rows(aws)
    assert (row.is_there, row.is_reached, row.function) == (True, False, "places")


def test_only_the_functions_that_were_named_are_rows(aws: Aws, functions: Lambda) -> None:
    functions.put()
    assert rows(aws, context_of(PLACES), ["search"]) == []
    assert len(rows(aws, context_of(PLACES), ["places"])) == 1


def test_a_rule_that_the_spec_wants_is_part_of_the_row(aws: Aws, functions: Lambda) -> None:
    functions.put()
    functions.alias(version1_a="1", version1_b="2")
    put_api(aws, stages=[stage("prodv1", "version1-b")])
    (row,) = rows(aws)
    assert [(rule.name, rule.is_there) for rule in row.rules] == [("corkhounds-warm-places", False)]
    (cold,) = rows(aws, staged_context(changed(PLACES, warm=None)))
    assert (cold.wants_warmth, cold.rules) == (False, ())


@pytest.mark.parametrize(
    ("settings", "groups"),
    [
        (
            {"destinationArn": "arn:aws:logs:us-east-1:1:log-group:/aws/apigateway/x", "format": FORMAT},
            ("/aws/apigateway/x",),
        ),
        ({"destinationArn": "arn:aws:logs:us-east-1:1:log-group:a:*", "format": FORMAT}, ("a",)),
        ({"destinationArn": "arn:aws:logs:us-east-1:1:log-group:a", "format": "$context.requestId"}, None),
        ({"destinationArn": "arn:aws:firehose:us-east-1:1:deliverystream/x", "format": FORMAT}, None),
        ({}, None),
    ],
)
def test_an_access_log_tells_where_its_format_has_the_request_id(
    aws: Aws, functions: Lambda, settings: dict[str, str], groups: tuple[str, ...] | None
) -> None:
    functions.put(versions=1)
    functions.alias(version1_a="1", version1_b="1")
    put_api(aws, stages=[stage("prodv1", "version1-b", accessLogSettings=settings)])
    (row,) = rows(aws)
    assert row.access_groups == groups


def test_provisioned_concurrency_of_the_alias_or_its_version_is_the_row_s(aws: Aws, functions: Lambda) -> None:
    functions.put()
    functions.alias(version1_a="1", version1_b="3")
    put_api(aws, stages=[stage("prodv1", "version1-b")])
    arn = f"arn:aws:lambda:{EAST}:123456789012:function:{NAME}"
    for qualifier, count in (("version1-b", 4), ("3", 4), ("version1-a", 0)):
        functions.provisioned[:] = [
            {"FunctionArn": f"{arn}:{qualifier}", "RequestedProvisionedConcurrentExecutions": 4}
        ]
        assert [row.provisioned for row in rows(aws)] == [count]


def test_a_function_by_hand_needs_no_spec(aws: Aws, functions: Lambda) -> None:
    functions.put("handmade")
    functions.alias("handmade", live="2")
    live, latest, version, absent = (
        of_named(aws, EAST, Named(physical="handmade", alias=alias))[0] for alias in ("live", None, "3", "99")
    )
    assert (live.called, live.versions, live.is_in_spec) == ("handmade:live", frozenset({"2"}), False)
    assert (latest.called, latest.versions) == ("handmade", frozenset({"$LATEST"}))
    assert (version.called, version.versions, version.is_there) == ("handmade:3", frozenset({"3"}), True)
    assert absent.is_there is False
    assert of_named(aws, EAST, Named(physical="nowhere", alias=None))[0].is_there is False


def test_a_version_that_an_alias_gives_a_share_is_its_row_s_too(aws: Aws, functions: Lambda) -> None:
    functions.put("handmade")
    functions.alias("handmade", live="2")
    functions.aliases["handmade"][0]["RoutingConfig"] = {"AdditionalVersionWeights": {"3": 0.1}}
    aws.forget()
    (row,) = of_named(aws, EAST, Named(physical="handmade", alias="live"))
    assert row.versions == frozenset(frozenset({"2", "3"}))
