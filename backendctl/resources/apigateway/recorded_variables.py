"""A stage's variables as the release log remembers them, so that a rollback gives the stage those of its release."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from backendctl.resources.apigateway import served
from backendctl.resources.ssm import release_log
from backendctl.resources.ssm.release_record import VARIABLE, Record
from backendctl.secrets import KNOWN

if TYPE_CHECKING:
    from backendctl.aws.connection import Aws
    from backendctl.resources.apigateway.served import Route
    from backendctl.resources.ssm.release_log import RegionLog


def recorded(
    variables: Mapping[str, str],
    *,
    stage: str,
    told: Mapping[str, str],
    routes: Iterable[Route],
    log: RegionLog,
) -> dict[str, str | None]:
    """What is remembered of the variables that a stage is to have: name → value.

    None where the name alone is remembered: of an alias's slot, and of what may be a secret.

    Args:
        told: those that the spec says; of others only what an earlier entry has already.
    """
    routed = {route.variable for route in routes}
    known = {item for entry in log.entries.values() for item in entry.variables.get(stage, {}).items()}

    def shown(name: str, value: str) -> bool:
        if name in routed:
            return False
        return (name, value) in known or (told.get(name) == value and KNOWN.redact(value) == value)

    return {name: value if shown(name, value) else None for name, value in variables.items() if name != VARIABLE}


def entry_of_stage(
    aws: Aws,
    region: str,
    api_id: str,
    entry: Record,
    *,
    stage: str,
    deployment: str,
    variables: Mapping[str, str],
    serving: Mapping[str, str],
    routes: tuple[Route, ...],
    told: Mapping[str, str] | None = None,
) -> Record:
    """The entry of the release log with what a stage will serve: versions, code, deployment and variables.

    Args:
        variables: those that the stage is to have. serving: those that it has.
        told: as `recorded` has it.
    """
    log = release_log.read(aws, region)
    found = served.by_stage(
        aws, region, api_id, deployment=deployment, variables=variables, routes=routes, log=log, serving=serving
    )
    kept = recorded(variables, stage=stage, told=told or {}, routes=routes, log=log)
    return replace(entry, versions=found.versions, codes=found.codes).on(stage, deployment, kept)


def returning(live: Mapping[str, str], target: Record, stage: str) -> tuple[dict[str, str], tuple[str, ...], list[str]]:
    """What a return to a release sets and removes, and the names whose value it does not know.

    Nothing of an entry from before variables were remembered.
    """
    there = target.variables.get(stage)
    if there is None:
        return {}, (), []
    values = {name: value for name, value in there.items() if value is not None}
    gone = tuple(sorted(name for name in live if name not in there and name != VARIABLE))
    return values, gone, sorted(name for name in there if name not in values and name not in live)
