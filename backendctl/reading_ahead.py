"""What every plan reads, asked for at once and before the plan itself asks.

A plan finds out step by step what it has to read: the slots, the API, then everything that is ours. None of that
depends on what the steps before have found, so all of it begins together, and each step finds its answers in the reads
that `Aws` shares. Nothing is decided here, and nothing told: what cannot be read is read again by whoever needs it, and
told by them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from backendctl.api.look import look_ahead
from backendctl.aws import tag_index
from backendctl.aws.crew import Crew
from backendctl.engine.resource import GLOBAL
from backendctl.engine.traits import traits_of
from backendctl.resources import KINDS
from backendctl.resources.dynamodb import table_policy, table_reads
from backendctl.resources.lambda_ import provisioned_limits
from backendctl.resources.ssm import drain_mark, release_log

if TYPE_CHECKING:
    from backendctl.aws.connection import Aws
    from backendctl.engine.resource import Resource
    from backendctl.resources.deploy_context import DeployContext
    from backendctl.spec.model import Spec


Reads = Callable[["Aws", "Spec"], Iterator[Callable[[], object]]]
"""What is read for a command: `everything` for a deploy and what shows its plan, `of_release` for a canary."""


def reading_ahead(reads: Reads, aws: Aws, spec: Spec, *, workers: int) -> Crew:
    """Begin all reads of a plan; leaving the crew as a context waits until they have ended.

    Args:
        workers: calls at once.
    """
    crew = Crew(workers, name="ahead")
    for read in reads(aws, spec):
        crew.submit(read)
    return crew


def read_on(crew: Crew | None, context: DeployContext, aws: Aws, *, without: Collection[str]) -> None:
    """Begin what only the slots of the release tell. without: the regions that could not be read."""
    readable = tuple(region for region in context.spec.regions if region not in without)
    if crew is not None:
        for read in provisioned_limits.look_ahead(replace(context, spec=context.spec.narrowed(readable)), aws):
            crew.submit(read)


def everything(aws: Aws, spec: Spec) -> Iterator[Callable[[], object]]:
    """What a plan of the whole spec reads."""
    yield from (partial(tag_index.known_tags, aws, region, "") for region in spec.regions)
    yield from (partial(table_reads.look_ahead, aws, region) for region in spec.regions)
    yield from (
        partial(table_policy.live, aws, region, table.physical)
        for table in spec.tables
        for region in spec.regions
        if region in table.regions
    )
    yield from _of_kinds(KINDS, aws, spec)


def of_release(aws: Aws, spec: Spec) -> Iterator[Callable[[], object]]:
    """What is read of functions, of the API and of releases."""
    yield from _of_kinds([kind for kind in KINDS if traits_of(kind).of_release], aws, spec)


def _of_kinds(kinds: Iterable[type[Resource]], aws: Aws, spec: Spec) -> Iterator[Callable[[], object]]:
    if spec.api is not None and spec.api.source is None:
        yield from (partial(look_ahead, aws, region, spec.api) for region in spec.regions)
    for kind in sorted(kinds, key=lambda kind: not traits_of(kind).reads_early):
        places: Sequence[str] = (GLOBAL,) if kind.scope == GLOBAL else spec.regions
        yield from (partial(_owned, kind, aws, region) for region in places)
    yield from (partial(release_log.read, aws, region) for region in spec.regions)
    yield partial(drain_mark.marks, aws, spec.all_regions)


def _owned(kind: type[Resource], aws: Aws, region: str) -> None:
    list(kind.owned(aws, region))
