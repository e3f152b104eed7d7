"""Sees to it, before a canary begins, that something can tell what its handlers answer: the stage's access log."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from backendctl.api_in_plan import answering
from backendctl.engine.resource import address
from backendctl.release.access_log import missing_from
from backendctl.resources.apigateway.api_account import ApiAccount
from backendctl.resources.apigateway.stage import Stage

if TYPE_CHECKING:
    from backendctl.aws.connection import Aws
    from backendctl.backend import Backend
    from backendctl.engine.resource import Resource
    from backendctl.resources.apigateway.canary import CanaryStart
    from backendctl.spec.model import Logging


def access_logs(aws: Aws, canaries: Sequence[CanaryStart], everything: Sequence[Resource]) -> list[Stage]:
    """The stages of these canaries whose access log does not tell yet and would by the spec, with that change only.

    Args:
        everything: what a deploy would want.
    """
    wanted = {(one.region, one.name): one for one in everything if isinstance(one, Stage)}
    found: list[Stage] = []
    for canary in canaries:
        desired = wanted[canary.region, canary.name]
        live = Stage.read(aws, desired)
        if live is not None and _tells(desired.logging) and not _tells(live.logging):
            found.append(_with_log(desired, live))
    return found


def _with_log(desired: Stage, live: Stage) -> Stage:
    """The live stage with the access log of the desired one; None leaves a field alone."""
    return Stage(
        region=desired.region,
        name=desired.name,
        owner=desired.owner,
        api=desired.api,
        requires=desired.requires & {address(desired.region, ApiAccount.kind, "logging")},
        routes=desired.routes,
        variables=live.variables,
        logging=desired.logging,
    )


def after(canary: CanaryStart, stages: Sequence[Stage]) -> CanaryStart:
    """The canary, once its stage has the access log."""
    ours = {address(one.region, one.kind, one.name) for one in stages if one.region == canary.region}
    return replace(canary, requires=canary.requires | (ours & {address(canary.region, Stage.kind, canary.name)}))


def advice(backend: Backend, stages: Sequence[str] = ()) -> list[str]:
    """What to add to the spec where nothing may tell what a canary's handlers answer; empty where the spec accepts it.

    Args:
        stages: only these; empty means all of the spec's.
    """
    api = backend.spec.api
    if api is None or backend.spec.canary.judging.accept_blind:
        return []
    chosen = [one for one in Stage.desired(answering(backend)[0].context) if not stages or one.name in stages]
    return list(dict.fromkeys(told for desired in chosen for told in _advice(backend, desired)))


def _advice(backend: Backend, desired: Stage) -> Iterator[str]:
    if _tells(desired.logging):
        return
    live = Stage.read(backend.aws, desired)
    if desired.logging is None and live is not None and _tells(live.logging):
        return
    if desired.logging is not None and desired.logging.access is not None:
        lacking = ", ".join(missing_from(desired.logging.format or ""))
        add = f"add {lacking} to the format of its access log"
    else:
        add = f"add to it 'logging: {{access: /aws/apigateway/{desired.api}-{desired.name}}}'"
    yield (
        f"stage {desired.name} has no access log that shows the canary's responses: unless CloudWatch has metrics of "
        f"the canary, 5xx responses of handlers are not seen, and no verdict passes; {add} in the spec"
    )


def _tells(logging: Logging | None) -> bool:
    return logging is not None and logging.access is not None and not missing_from(logging.format or "")
