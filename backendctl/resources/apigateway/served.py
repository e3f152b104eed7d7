"""What a stage or an alias serves: the deployment, and the version of every function behind it."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from backendctl.resources.apigateway.api_reads import deployments
from backendctl.resources.lambda_ import lambda_reads
from backendctl.resources.lambda_.releases import facts_of
from backendctl.resources.ssm.release_log import RegionLog

if TYPE_CHECKING:
    from backendctl.aws.connection import Aws

_CODE = 4
"""Bytes of a code's hash that are remembered."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Route:
    """A stage variable leads to a function through an alias.

    Attributes:
        variable: None when the definition spells the alias out.
        physical: the function's name in AWS. alias: the plain one.
    """

    variable: str | None
    physical: str
    alias: str

    @property
    def key(self) -> str:
        """How records name it."""
        return f"{self.physical}:{self.alias}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Served:
    """What answers.

    Attributes:
        deployment: id; empty for an alias. definition, localised: digests, None for a deployment that is not ours.
        versions: "physical:plain alias" → version number. codes: the same keys → 8 hex digits of the code's hash.
        time, commit, author: of its youngest part.
    """

    deployment: str = ""
    definition: str | None = None
    localised: str | None = None
    versions: dict[str, str] = field(default_factory=dict)
    codes: dict[str, str] = field(default_factory=dict)
    time: str = ""
    commit: str = ""
    author: str = ""


def qualifier(route: Route, variables: Mapping[str, str]) -> str:
    """The alias that a route leads to now; a variable may hold "function:alias" (A28)."""
    if route.variable is None:
        return route.alias
    return variables.get(route.variable, route.alias).rpartition(":")[2]


def by_stage(
    aws: Aws,
    region: str,
    api_id: str,
    *,
    deployment: str,
    variables: Mapping[str, str],
    routes: Iterable[Route],
    log: RegionLog | None = None,
    serving: Mapping[str, str] | None = None,
) -> Served:
    """What a deployment behind these variables serves.

    Args:
        log: what it knows of the code behind variables that stay as they are is not asked for again; then time, commit
            and author are told of the rest only. None asks for all.
        serving: the stage's variables now; by default these.
    """
    if deployment and deployment not in deployments(aws, region, api_id):
        aws.forget("deployments", region, api_id)
    facts = facts_of(deployments(aws, region, api_id).get(deployment, ""))
    routes = list(routes)
    lambda_reads.read_ahead(aws, {(region, route.physical) for route in routes}, lambda_reads.aliases)
    numbers: dict[str, str] = {}
    for route in routes:
        alias = lambda_reads.aliases(aws, region, route.physical).get(qualifier(route, variables))
        if alias is not None:
            numbers[route.key] = alias.version
    before = variables if serving is None else serving
    stay = {r.key for r in routes if r.variable is not None and variables.get(r.variable) == before.get(r.variable)}
    kept = {key: number for key, number in numbers.items() if key in stay}
    codes = _codes_in(log, kept) if log is not None else {}
    return _served(aws, region, numbers, deployment=deployment, facts=facts, codes=codes)


def by_versions(aws: Aws, region: str, numbers: Mapping[str, str]) -> Served:
    """What aliases serve that no stage leads to. numbers: "physical:alias" → version number."""
    return _served(aws, region, numbers, deployment="", facts={})


def _codes_in(log: RegionLog, numbers: Mapping[str, str]) -> dict[str, str]:
    """The code of those versions as the newest entry that has them says."""
    return {
        key: code
        for entry in log.entries.values()
        for key, code in entry.codes.items()
        if key in numbers and entry.versions.get(key) == numbers[key]
    }


def _served(
    aws: Aws,
    region: str,
    numbers: Mapping[str, str],
    *,
    deployment: str,
    facts: Mapping[str, str],
    codes: Mapping[str, str] | None = None,
) -> Served:
    codes = dict(codes or {})
    parts = [facts]
    unknown = {key: number for key, number in numbers.items() if key not in codes}
    lambda_reads.read_ahead(aws, {(region, key.rpartition(":")[0]) for key in unknown}, lambda_reads.versions)
    for key, number in unknown.items():
        versions = lambda_reads.versions(aws, region, key.rpartition(":")[0])
        version = next((one for one in versions if one.number == number), None)
        if version is not None:
            codes[key] = short_code(version.code_sha256)
            parts.append(facts_of(version.description))
    youngest = max(parts, key=lambda each: each.get("time", ""))
    return Served(
        deployment=deployment,
        definition=facts.get("definition"),
        localised=facts.get("localised"),
        versions=dict(numbers),
        codes={key: code for key, code in codes.items() if code},
        time=youngest.get("time", ""),
        commit=youngest.get("commit", ""),
        author=youngest.get("by", ""),
    )


def short_code(sha256: str) -> str:
    """8 hex digits of Lambda's CodeSha256, which is base64; empty for what is none."""
    try:
        return base64.b64decode(sha256, validate=True)[:_CODE].hex()
    except (ValueError, binascii.Error):
        return ""
