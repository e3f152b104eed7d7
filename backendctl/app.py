"""The use cases: what each command does, without a word about command lines or screens.

open_backend(...)     → a Backend: spec, connection, context
plan_deploy(backend)  → Plan      plan_destroy(backend) → Plan
carry_out(plan, …)    → Events, one by one
survey(backend)       → Survey: every region against the spec
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from backendctl import stamp as stamping
from backendctl.account import refuse_account
from backendctl.api.body import bodies, definitions, stage_definitions
from backendctl.api.body import wanted as wanted_api
from backendctl.api.faults import shape_faults
from backendctl.api.judge import judged, kept
from backendctl.api.look import Look
from backendctl.api.source import file_source
from backendctl.api_in_plan import about_api, case_of, look_at_api, readable_context, sparing_source, with_live_source
from backendctl.aws.connection import Aws
from backendctl.aws.journal import Journal
from backendctl.backend import Backend, Settings
from backendctl.checking import check_spec
from backendctl.draining.first_users import tested_first
from backendctl.draining.respecting import closed, respecting
from backendctl.engine.executor import apply
from backendctl.engine.plan import Plan
from backendctl.engine.resource import GLOBAL
from backendctl.errors import SpecError, UsageError
from backendctl.foreseen import with_refusals
from backendctl.lookups import AwsLookups
from backendctl.nearest import refuse_unknown
from backendctl.pinning import choosing, only_chosen
from backendctl.reading_ahead import Reads, read_on, reading_ahead
from backendctl.release.heartbeat import beating
from backendctl.release.numbering import numbered
from backendctl.release.releasing import Releasing
from backendctl.remembering import remembered, remembering
from backendctl.resources import KINDS, ORDER, REMOVED, assemble
from backendctl.resources.apigateway.domain import Domain
from backendctl.resources.dynamodb.replica import Replica
from backendctl.resources.dynamodb.scaling import Scaling
from backendctl.resources.dynamodb.table import Table
from backendctl.resources.dynamodb.table_refusals import with_dynamodb
from backendctl.resources.lambda_ import code_source
from backendctl.resources.lambda_.function import Function
from backendctl.resources.lambda_.log_group import LogGroup
from backendctl.resources.ssm import region_index
from backendctl.resources.ssm.drain_mark import drained
from backendctl.selecting import Selection, sparing_history
from backendctl.spec import Draft, Offline, parse
from backendctl.stage_alone import parts, turned_without

if TYPE_CHECKING:
    from backendctl.engine.events import Event
    from backendctl.engine.resource import Resource
    from backendctl.package import Artefact
    from backendctl.resources.deploy_context import DeployContext
    from backendctl.spec.model import Spec


def open_backend(settings: Settings, *, planning: Reads | None = None) -> Backend:
    """Check, build, connect, make sure of the account, and see the context.

    Args:
        planning: what will be read for a plan of all of it, which then begins at once.

    Raises:
        SpecError: faults in the spec; nothing has been changed.
        UsageError: the spec has no such stage.
        RefusedError: this account may not be touched.
        AwsError: no credentials, or AWS does not let us in.
    """
    checked = check_spec(settings.spec, allow_runtimes=settings.allow_runtimes, tell=settings.tell)
    backend = _connected(settings, checked.draft, checked.spec, checked.artefacts)
    ahead = None
    if planning is not None and not settings.stages:
        ahead = reading_ahead(planning, backend.aws, backend.spec, workers=settings.workers)
    backend = choosing(with_live_source(backend), settings.stages)
    context, unreachable = assemble.with_slots(backend.context, backend.aws, workers=settings.workers)
    read_on(ahead, context, backend.aws, without=unreachable)
    return replace(
        backend,
        context=context,
        unreachable={**backend.unreachable, **unreachable},
        warnings=checked.warnings,
        ahead=ahead,
    )


def refuse_live_definition(spec: Spec) -> None:
    """Refuse a spec whose API is a live one's: it does not say which functions the API calls.

    Raises:
        UsageError: so it is.
    """
    api = spec.api
    if api is not None and api.source is not None:
        raise UsageError(
            f"the API of {spec.file} is taken from a live one, which only sync-api does",
            hint="backendctl sync-api; or write it to a file first: backendctl export-api",
        )


def open_api(settings: Settings) -> Backend:
    """The same for what touches no function: nothing is built, and no slot is chosen.

    Raises:
        SpecError, RefusedError, AwsError: as above.
    """
    draft = parse(settings.spec, elsewhere=True)
    return _connected(settings, draft, draft.expand(Offline()), None)


def open_regions(settings: Settings) -> Backend:
    """The same for all regions of the spec, of which some may not answer: expressions that ask AWS have stand-ins."""
    draft = parse(settings.spec, elsewhere=True)
    access = replace(settings.access, attempts=2, timeout=min(settings.access.timeout, 20.0))  # who flees does not wait
    hurried = replace(settings, regions=(), access=access)
    return _connected(hurried, draft, draft.expand(Offline()), None, asks=False)


def _connected(
    settings: Settings,
    draft: Draft,
    spec: Spec,
    artefacts: Mapping[tuple[str, str], Artefact] | None,
    *,
    asks: bool = True,
) -> Backend:
    """Connected, and without slots.

    Args:
        artefacts: None when nothing of the functions' code is asked for.
        asks: whether AWS is asked for what expressions in the spec name.
    """
    regions = _chosen(spec, settings.regions)
    journal = Journal(settings.journal / f"{spec.backend}.jsonl") if settings.journal else None
    aws = Aws(settings.access, backend=spec.backend, journal=journal)
    account, partition = refuse_account(aws, regions, allowed=settings.accounts)
    if draft.needs_aws and asks:
        spec = draft.expand(AwsLookups(aws, account), regions=regions)
    aws.spec_names, aws.spec_zones = _names_of(spec), {one.name: one.zone for one in spec.domains if one.zone}
    spec = spec.narrowed(regions)
    given = None
    if spec.api is not None and spec.api.source is None:
        if faults := [fault for document in draft.definitions for fault in shape_faults(document)]:
            raise SpecError(faults)
        given = wanted_api(spec.api, file_source(spec, account=account))
        spec = replace(spec, api=given.api)
    found = bodies(given, spec.regions, account=account, partition=partition) if given else {}
    own = stage_definitions(given, spec.regions, account=account, partition=partition) if given else {}
    context = assemble.make_context(
        spec,
        definitions=definitions(found),
        stage_definitions=own,
        account=account,
        partition=partition,
        artefacts={key: artefact for key, artefact in (artefacts or {}).items() if key[0] in regions},
        code_ids={} if artefacts is None else {**code_source.identify(spec, aws), **_built(artefacts)},
        stamp=stamping.stamp(spec.file.parent),
    )
    return Backend(settings=settings, spec=spec, aws=aws, context=context, wanted=given, draft=draft)


def _names_of(spec: Spec) -> frozenset[str]:
    """What the spec's functions and tables are called in AWS."""
    functions = {one.physical for region in spec.all_regions for one in spec.functions_in(region)}
    return frozenset(functions | {table.physical for table in spec.tables})


def _built(artefacts: Mapping[tuple[str, str], Artefact]) -> dict[tuple[str, str], str]:
    """What was built for all regions, also those that are not worked on: it names the release."""
    return {key: artefact.sha256 for key, artefact in artefacts.items()}


def plan_deploy(backend: Backend, selection: Selection | None = None) -> Plan:
    """What a deploy would change. See `plan_changes`."""
    return plan_changes(backend, selection).plan


@dataclass(frozen=True, kw_only=True)
class Changes:
    """A plan, and the API's part of it.

    Attributes:
        look: what the regions serve; None where the plan has nothing to do with the API.
        context: what it was planned from.
    """

    plan: Plan
    context: DeployContext
    look: Look | None = None


def plan_changes(backend: Backend, selection: Selection | None = None, *, take_over: bool = False) -> Changes:
    """What a deploy would change, and what that means for callers of the API.

    Args:
        selection: what of it; None for all.
        take_over: whether a release that somebody else has under way is passed over.

    Raises:
        BackendctlError: no region at all could be read, or the live source could not.
        SpecError: a pinned stage has never served.
        UsageError: the selection names what there is not.
    """
    with backend.ahead or contextlib.nullcontext():  # nothing is read any more when the plan is there
        return _changes(backend, selection, take_over=take_over)


def _changes(backend: Backend, selection: Selection | None, *, take_over: bool) -> Changes:
    backend.refuse_faults()
    selection = remembered(selection, backend.aws.journal)
    seen = look_at_api(backend) if about_api(selection.only, selection.skip) else None
    context, unreachable = readable_context(backend, seen)
    desired = assemble.desired(context)
    if seen is not None:
        desired = kept(desired, seen)
    if context.chosen:
        desired = parts(desired)
    desired = closed(desired, marks := drained(backend.aws, backend.spec.all_regions), backend.spec)
    plan = plan_of(backend, desired, regions=context.spec.regions, strays=not context.chosen)
    if context.chosen:
        plan, desired = only_chosen(backend, plan, desired)
    plan = replace(plan, unreachable={**unreachable, **plan.unreachable})
    plan = respecting(plan, marks)
    selection.refuse_unmatched(plan)
    whole = plan
    plan = with_refusals(with_dynamodb(_selected(backend, plan, selection), backend.aws), context, backend.aws)
    plan = replace(plan, refusals=(*plan.refusals, *backend.refusals, *turned_without(whole, plan)))
    if seen is not None:
        plan = selection.applied(judged(plan, desired, case_of(backend, seen)))
    releasing = Releasing(
        aws=backend.aws,
        context=context,
        workers=backend.settings.workers,
        meant=backend.spec.regions,
        take_over=take_over,
    )
    plan = numbered(plan, desired, releasing)
    plan = tested_first(sparing_source(plan, backend), backend)
    return Changes(plan=plan, context=context, look=seen)


def plan_destroy(backend: Backend, selection: Selection | None = None, *, regions: tuple[str, ...] = ()) -> Plan:
    """What a destroy would delete: everything that is ours, in every region it was ever in.

    Args:
        regions: where to look at least; the spec's when empty.

    Raises:
        UsageError: the selection names what is neither there nor in the spec.
    """
    selection = remembered(selection, backend.aws.journal)
    backend.aws.granted = backend.aws.spec_names | assemble.called_names(backend.spec)
    plan = plan_of(backend, [], regions=regions or backend.spec.regions, kinds=REMOVED)
    selection.refuse_unmatched(plan, _named_in(backend))
    return with_dynamodb(_selected(backend, plan, selection), backend.aws)


def _selected(backend: Backend, plan: Plan, selection: Selection) -> Plan:
    """What is selected of a plan, without the deletion of notes about what stays."""
    whole = sparing_history(plan, selection.delete)
    unseen = {*plan.unreachable, *(set(backend.spec.all_regions) - set(backend.spec.regions))}
    return remembering(whole, selection.applied(whole), unseen=unseen)


def _named_in(backend: Backend) -> Iterator[tuple[str, str, str]]:
    """Region, kind and name of what may be named although it is gone: a destroy that is repeated ends well."""
    context, spec = backend.context, backend.spec
    for kind in (Table, Replica, Scaling, Domain, LogGroup):
        yield from ((one.region, one.kind, one.name) for one in kind.desired(context))
    for region in spec.regions:
        yield from ((region, kind, "") for kind in ORDER)
        yield from ((region, Function.kind, function.name) for function in spec.functions_in(region))


def plan_of(
    backend: Backend,
    desired: Sequence[Resource],
    *,
    regions: tuple[str, ...],
    kinds: Sequence[type[Resource]] = KINDS,
    strays: bool = True,
) -> Plan:
    """What differs from these, and what is ours beside them, in these regions and those the spec has left.

    Args:
        kinds: only these are looked at.
        strays: whether what is ours beside these is to go.

    Raises:
        BackendctlError: no region at all could be read.
    """
    everywhere = regions
    if strays and not backend.settings.regions:
        known = region_index.known_regions(backend.aws, regions, silent=backend.unreachable)
        left = [region for region in known if region not in {*regions, *backend.spec.all_regions}]
        everywhere = (*regions, *left)
    planner = replace(backend.planner, kinds=kinds, regions=everywhere)
    plan = planner.whole(desired) if strays else planner.part(desired)
    if backend.settings.regions and not desired:
        # What AWS has once serves the other regions still.
        plan = plan.restricted(lambda change: change.region != GLOBAL)
    plan = replace(plan, unreachable={**backend.unreachable, **plan.unreachable})
    if not plan.regions:
        raise next(iter(plan.unreachable.values()))
    return plan


def carry_out(plan: Plan, backend: Backend, *, stop: threading.Event) -> Iterator[Event]:
    """Do exactly this plan; see `engine.executor.apply`."""
    with beating(plan, backend.aws):
        yield from apply(plan, aws=backend.aws, order=ORDER, workers=backend.settings.workers, stop=stop)


def _chosen(spec: Spec, regions: tuple[str, ...]) -> tuple[str, ...]:
    refuse_unknown("--region", regions, spec.regions)
    return tuple(region for region in spec.regions if not regions or region in regions)
