"""What every region is to get: one neutral definition, and for each region the document that is sent."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from backendctl.api.cors import Added, with_cors
from backendctl.openapi.localise import digest, localise, localised_digest, neutral_file, neutralise, to_bytes
from backendctl.resources.deploy_context import Definition

if TYPE_CHECKING:
    from backendctl.api.source import Source
    from backendctl.spec.model import Api, StageSpec


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """An API as its spec and its source want it.

    Attributes:
        api: its definition is neutral; stages and tags are those of the spec, or else of the live source.
        digest: names the definition, the same in every region.
        added: what the spec adds to the definition of the source.
        own: stage → the same of a stage that has a definition of its own, as its only stage.
    """

    api: Api
    source: Source
    digest: str
    added: Added = field(default_factory=Added)
    own: Mapping[str, Wanted] = field(default_factory=dict)

    def only(self, names: Collection[str]) -> Wanted:
        """The same for some of its stages."""
        stages = tuple(stage for stage in self.api.stages if stage.name in names)
        own = {stage: one for stage, one in self.own.items() if stage in names}
        source = replace(self.source, stages=tuple(one for one in self.source.stages if one.name in names))
        return replace(self, api=replace(self.api, stages=stages), source=source, own=own)


@dataclass(frozen=True, kw_only=True, slots=True)
class Body:
    """What one region gets. document: as it is sent, parsed."""

    document: dict[str, Any]
    definition: Definition


def wanted(api: Api, source: Source) -> Wanted:
    """The neutral definition of a source, with what the spec adds to it.

    What names the source's own account and regions becomes each region's own.
    """
    if source.region is None:
        document = neutral_file(source.document, home=source.home, bindings=api.bindings)
    else:
        document = neutralise(source.document, home=source.home, bindings=api.bindings.get(source.region, {}))
    document, added = with_cors(document, api.cors)
    name = None if added.anything else source.digest
    own = {stage.name: _of_stage(api, source, stage) for stage in source.stages if stage.definition is not None}
    stages = tuple(
        replace(stage, definition=own[stage.name].api.definition) if stage.name in own else stage
        for stage in source.stages
    )
    return Wanted(
        api=replace(api, definition=document, stages=stages, tags={**source.tags, **api.tags}),
        source=source,
        digest=name or digest(document),
        added=added,
        own=own,
    )


def _of_stage(api: Api, source: Source, stage: StageSpec) -> Wanted:
    """What a stage with a definition of its own is to serve; that is always a file."""
    alone = replace(stage, definition=None)
    document = stage.definition or {}
    path = stage.file or api.path
    return wanted(
        replace(api, definition=document, path=path, stages=(alone,)),
        replace(source, document=document, told=str(path), stages=(alone,)),
    )


def stage_definitions(
    given: Wanted, regions: Iterable[str], *, account: str, partition: str
) -> dict[tuple[str, str], Definition]:
    """(region, stage) → what a context needs of the body of a stage that has its own definition."""
    return {
        (region, stage): body.definition
        for stage, own in given.own.items()
        for region, body in bodies(own, regions, account=account, partition=partition).items()
    }


def bodies(given: Wanted, regions: Iterable[str], *, account: str, partition: str) -> dict[str, Body]:
    """Region → what it gets: its bindings, partition, account and region put in.

    Args:
        regions: that of a live source is left out, for it stays as it is.
    """
    return {
        region: body_in(given, region, account=account, partition=partition)
        for region in regions
        if region != given.source.region
    }


def body_in(given: Wanted, region: str, *, account: str, partition: str) -> Body:
    """What one region gets."""
    where: dict[str, Any] = {
        "region": region,
        "account": account,
        "partition": partition,
        "bindings": given.api.bindings.get(region, {}),
    }
    document = localise(given.api.definition, name=given.api.name, **where)
    here = localised_digest(given.api.definition, given.digest, **where)
    return Body(document=document, definition=Definition(body=to_bytes(document), digest=given.digest, localised=here))


def digests_of(given: Wanted) -> list[str]:
    """What names all that is to be put: the API's own definition, then those of its stages."""
    return [given.digest, *(f"{stage} {own.digest}" for stage, own in sorted(given.own.items()))]


def definitions(found: Mapping[str, Body]) -> dict[str, Definition]:
    """Region → what a context needs of its body."""
    return {region: body.definition for region, body in found.items()}
