"""The API's part of a backend's plan: its source read, its regions looked at, its judgement asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from backendctl.api.body import bodies, definitions
from backendctl.api.body import wanted as wanted_api
from backendctl.api.elsewhere import with_lambda_targets
from backendctl.api.judge import Case
from backendctl.api.look import Look, look
from backendctl.api.places import place_in
from backendctl.api.source import source_of
from backendctl.engine.action import Action
from backendctl.engine.plan import Plan
from backendctl.errors import BackendctlError
from backendctl.resources import assemble
from backendctl.resources.apigateway.rest_api import RestApi
from backendctl.resources.apigateway.stage import Stage
from backendctl.resources.lambda_.permission import Permission

if TYPE_CHECKING:
    from backendctl.api.body import Wanted
    from backendctl.backend import Backend
    from backendctl.resources.deploy_context import DeployContext
    from backendctl.spec.loader import Document


def with_live_source(backend: Backend) -> Backend:
    """With the definition of a live source read; when it cannot be, only what puts it has to stop."""
    spec, context = backend.spec, backend.context
    if spec.api is None or spec.api.source is None:
        return backend
    try:
        source = source_of(spec, backend.aws, account=context.account, given=None, stage=None)
    except BackendctlError as error:
        return replace(backend, source_error=error)
    given = wanted_api(spec.api, source)
    spec = replace(spec, api=given.api)
    found = bodies(given, spec.regions, account=context.account, partition=context.partition)
    links = assemble.links_of(spec, account=context.account)
    context = replace(context, spec=spec, definitions=definitions(found), links=links)
    return replace(backend, spec=spec, context=context, wanted=given)


def about_api(only: Sequence[str], skip: Sequence[str]) -> bool:
    """Whether --only and --skip leave anything of the API."""
    kinds = {kind.kind for kind in (RestApi, Stage)}
    chosen = kinds if not only else kinds & {pattern.partition("/")[0] for pattern in only}
    return bool(chosen - {pattern for pattern in skip if "/" not in pattern})


def look_at_api(backend: Backend) -> Look | None:
    """What every region serves of the API; None when the spec has none.

    Raises:
        BackendctlError: the live source could not be read.
    """
    if backend.source_error is not None:
        raise backend.source_error
    given = backend.wanted
    if given is None:
        return None
    spec, context = backend.spec, backend.context
    found = bodies(given, spec.regions, account=context.account, partition=context.partition)
    regions = tuple(region for region in found if region not in backend.unreachable)
    built = {function.physical for region in spec.regions for function in spec.functions_in(region)}
    return look(
        backend.aws,
        spec,
        given,
        found,
        regions=regions,
        account=context.account,
        workers=backend.settings.workers,
        built=built,
        alone=bool(context.chosen),
    )


def case_of(backend: Backend, seen: Look) -> Case:
    """What is judged of a plan of this backend."""
    given = backend.wanted
    if given is None:
        raise AssertionError(backend.spec.file)
    return case(backend, given, seen, regions=backend.spec.regions)


def case(backend: Backend, given: Wanted, seen: Look, *, regions: tuple[str, ...], whole: bool = False) -> Case:
    """The case of an API, and beside it those of the definitions that stages have of their own."""
    where = {"account": backend.context.account, "partition": backend.context.partition}

    def of(one: Wanted, document: Document | None, others: tuple[Case, ...] = ()) -> Case:
        return Case(
            wanted=one,
            bodies=bodies(one, regions, **where),
            look=seen,
            account=backend.context.account,
            regions=backend.spec.all_regions,
            place=place_in(None if one.source.is_live else document, one.source.told),
            whole=whole,
            others=others,
        )

    others = tuple(of(own, backend.document(stage)) for stage, own in given.own.items())
    return of(given, backend.document(), others)


def readable_context(backend: Backend, seen: Look | None) -> tuple[DeployContext, dict[str, BackendctlError]]:
    """The context of the regions that answer, with what the API calls beside the spec; and those that do not.

    Raises:
        BackendctlError: none does.
    """
    silent = {**backend.unreachable, **(seen.unreachable if seen else {})}
    readable = tuple(region for region in backend.spec.regions if region not in silent)
    if not readable:
        raise next(iter(silent.values()))
    context = replace(backend.context, spec=backend.spec.narrowed(readable))
    return (with_lambda_targets(context, seen.lambda_targets) if seen else context), silent


def answering(backend: Backend) -> tuple[Backend, dict[str, BackendctlError]]:
    """The backend in the regions that answer; and those that do not, with what they said.

    Raises:
        BackendctlError: none does.
    """
    context, silent = readable_context(backend, None)
    return replace(backend, spec=context.spec, context=context), silent


def sparing_source(plan: Plan, backend: Backend) -> Plan:
    """A live source stays as it is, although the spec asks for no API in its region."""
    source = backend.wanted.source.region if backend.wanted else None
    kinds = {kind.kind for kind in (RestApi, Stage, Permission)}
    return plan.restricted(
        lambda change: change.action is not Action.DELETE or change.region != source or change.kind not in kinds
    )
