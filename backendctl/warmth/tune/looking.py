"""A function before it is tuned: what it is, what is left of an interrupted tuning, and what forbids another."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from backendctl.aws.errors import ClientError, is_missing
from backendctl.aws.tags import owner_of
from backendctl.errors import BackendctlError, RefusedError
from backendctl.resources.lambda_ import lambda_reads, lambda_waits
from backendctl.warmth.targets import Hit, hit_by_users
from backendctl.warmth.tune.latest import VARIABLE, Note, variables

if TYPE_CHECKING:
    from mypy_boto3_lambda.type_defs import FunctionConfigurationTypeDef

    from backendctl.backend import Backend
    from backendctl.spec.model import FunctionSpec

COLD_CALLS = 10
"""Calls at once, at most, to each version that was just published."""
_ENVIRONMENT_BYTES = 160
_ENVIRONMENT_MOST = 4096  # B55
_FREE_STORAGE = 512
"""MB of /tmp that cost nothing."""
"""The note, and what JSON puts around it, at its longest."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Target:
    """One function in one region.

    Attributes:
        memory: MB that $LATEST has, or had before a tuning that was interrupted. timeout: seconds.
        architecture: "x86_64" or "arm64".
        at_once: calls that may run at the same time.
        is_restored: whether its environments come from a SnapStart snapshot.
        leftover: the note of an interrupted tuning; None when $LATEST is as it should be.
        old_versions: numbers of versions that an interrupted tuning left.
        notes: what the user should know.
    """

    region: str
    name: str
    physical: str
    memory: int
    timeout: int
    architecture: str
    at_once: int
    is_restored: bool
    leftover: Note | None
    old_versions: tuple[str, ...]
    notes: tuple[str, ...]


def look(backend: Backend, function: FunctionSpec, region: str, *, sizes: Sequence[int]) -> Target:
    """Ask AWS; changes nothing.

    Raises:
        BackendctlError: the function is not there.
        RefusedError: with every reason why it may not be tuned.
    """
    aws, physical = backend.aws, function.physical
    try:
        found = lambda_waits.settled(aws, region, physical)
    except ClientError as error:
        if is_missing(error):
            raise BackendctlError(
                f"{physical} is not in {region}", hint=f"deploy it first: backendctl deploy --region {region}"
            ) from None
        raise
    config = found["Configuration"]
    hits = hit_by_users(aws, backend.context, region, function)
    reserved = aws.lambda_(region).get_function_concurrency(FunctionName=physical).get("ReservedConcurrentExecutions")
    settings = aws.lambda_(region).get_account_settings()
    limits = settings["AccountLimit"]
    free = limits.get("TotalCodeSize", 0) - settings["AccountUsage"].get("TotalCodeSize", 0)
    aliases = lambda_reads.aliases(aws, region, physical)
    reasons = [
        *_not_ours(backend, region, physical, found.get("Tags", {})),
        *_touching_users(region, physical, hits, [alias for alias in aliases.values() if alias.version == "$LATEST"]),
        *_unfit(config, reserved),
        *_no_room(region, needed=config.get("CodeSize", 0) * len(sizes), free=free),
    ]
    if reasons:
        raise RefusedError(reasons)
    note = Note.of(config)
    room = reserved if reserved is not None else limits.get("UnreservedConcurrentExecutions", 2 * COLD_CALLS)
    at_once = max(1, min(COLD_CALLS, room // 2))
    weighted = any(alias.weights for alias in aliases.values())
    return Target(
        region=region,
        name=function.name,
        physical=physical,
        memory=note.memory if note is not None else config.get("MemorySize", 128),
        timeout=config.get("Timeout", 3),
        architecture=(config.get("Architectures") or ["x86_64"])[0],
        at_once=at_once,
        is_restored=_is_restored(config),
        leftover=note,
        old_versions=tuple(one.number for one in lambda_reads.temporary_versions(aws, region, physical)),
        notes=tuple(_notes(backend, region, config, reserved, at_once, is_shared=weighted or _in_canary(hits))),
    )


def _not_ours(backend: Backend, region: str, physical: str, tags: dict[str, str]) -> Iterator[str]:
    if owner_of(tags) != backend.spec.backend:
        yield f"{physical} in {region} does not carry the mark of this backend: adopt it first, deploy --adopt"


def _touching_users(
    region: str, physical: str, hits: Sequence[Hit], on_latest: Sequence[lambda_reads.AliasInfo]
) -> Iterator[str]:
    if any(hit.qualifier is None for hit in hits):
        yield f"users call {physical} in {region} without an alias, so that they would be served by what tune changes"
    for alias in on_latest:
        yield f"the alias {alias.name} of {physical} in {region} is $LATEST, which tune changes"


def _unfit(config: FunctionConfigurationTypeDef, reserved: int | None) -> Iterator[str]:
    name = config["FunctionName"]
    if reserved is not None and reserved <= 1:
        yield f"{name} has a reserved concurrency of {reserved}: a measuring call would throttle a user's"
    environment = config.get("Environment", {})
    if "Error" in environment:
        yield f"the environment of {name} cannot be read (its key: kms:Decrypt), and tune has to keep it"
    elif VARIABLE not in environment.get("Variables", {}):
        taken = sum(len(key.encode()) + len(value.encode()) + 6 for key, value in variables(config).items())
        if taken + _ENVIRONMENT_BYTES > _ENVIRONMENT_MOST:
            yield f"the environment of {name} has no room for tune's note ({_ENVIRONMENT_BYTES} of 4,096 bytes)"


def _no_room(region: str, *, needed: int, free: int) -> Iterator[str]:
    if needed > free > 0:
        yield (
            f"the versions need {needed / 2**20:.0f} MB of code storage in {region}, and {free / 2**20:.0f} MB are "
            "free: backendctl prune"
        )


def _in_canary(hits: Sequence[Hit]) -> bool:
    return any(hit.is_canary for hit in hits)


def _is_restored(config: FunctionConfigurationTypeDef) -> bool:
    return config.get("SnapStart", {}).get("ApplyOn") == "PublishedVersions"


def _notes(
    backend: Backend,
    region: str,
    config: FunctionConfigurationTypeDef,
    reserved: int | None,
    at_once: int,
    *,
    is_shared: bool,
) -> Iterator[str]:
    if is_shared:
        yield "a canary runs on this function: $LATEST is measured, the newest code, not the live version"
    if at_once < COLD_CALLS:
        why = "of its reserved concurrency" if reserved is not None else "of what the account has left"
        yield f"at most {at_once} calls at once, half {why}, so that users keep the rest"
    pages = backend.aws.lambda_(region).get_paginator("list_provisioned_concurrency_configs")
    if any(page["ProvisionedConcurrencyConfigs"] for page in pages.paginate(FunctionName=config["FunctionName"])):
        yield "measured without provisioned concurrency: its users' calls have no cold starts"
    if config.get("EphemeralStorage", {}).get("Size", _FREE_STORAGE) > _FREE_STORAGE:
        yield "what /tmp above 512 MB costs is the same at every size, and not in these figures"
    if _is_restored(config):
        yield "SnapStart: publishing takes minutes, cold starts are restores, and what snapshots cost is not priced"
