"""Pinned stages in a region that lacks them: what they serve elsewhere, with the very code, and that region's settings.

The definition is exported from a stage that serves. The versions behind it are copied: the same archive, the same
settings, and on top what the spec says of the new region. What names the region it came from is refused until the spec
names something for the new one.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from backendctl.api.body import Wanted, body_in
from backendctl.api.faults import region_faults
from backendctl.api.source import Source
from backendctl.openapi.arns import Home
from backendctl.openapi.localise import digest, neutralise
from backendctl.openapi.preserved_settings import without_settings
from backendctl.openapi.whole import with_whole_settings
from backendctl.resources.deploy_context import Definition, Link, Stamp
from backendctl.resources.lambda_ import lambda_reads, lambda_settings, releases
from backendctl.resources.lambda_.function import Function
from backendctl.resources.ssm import release_log
from backendctl.resources.ssm.release_record import Record, split_tag
from backendctl.spec.model import NO_VPC

if TYPE_CHECKING:
    from backendctl.backend import Backend
    from backendctl.pinned_stage import Kept
    from backendctl.spec.model import Api, FunctionSpec, StageSpec


@dataclass(frozen=True, kw_only=True, slots=True)
class Brought:
    """One pinned stage in one region that does not have it yet.

    Attributes:
        stage: as the spec has it, with the variables of the stage that serves.
        versions: (physical function name, plain alias) → what is to be published there.
        entry: of the release log, of the release that serves elsewhere; None where none is known.
        refusals: why it may not be, one sentence each.
    """

    region: str
    stage: StageSpec
    definition: Definition
    links: tuple[Link, ...] = ()
    versions: Mapping[tuple[str, str], Function] = field(default_factory=dict)
    entry: Record | None = None
    refusals: tuple[str, ...] = ()


def bring(backend: Backend, api: Api, stage: StageSpec, *, region: str, served: Kept) -> Brought:
    """What a region gets of a stage that serves in another one."""
    elsewhere = frozenset({served.region, backend.spec.all_regions[0]} - {region})
    there = replace(stage, definition=None, variables=variables(stage, served, elsewhere))
    wanted = _wanted(backend, api, there, served)
    account, partition = backend.context.account, backend.context.partition
    body = body_in(wanted, region, account=account, partition=partition)
    told = f"{served.region}/stage/{stage.name}"
    refusals = list(
        region_faults(
            body.document, wanted, region=region, account=account, alone=False, place=lambda way: f"{told} {way}"
        )
    )
    refusals += left_variables(there, stage, elsewhere, told=told)
    known = {one.physical: one for one in backend.spec.functions_in(region)}
    links: list[Link] = []
    versions: dict[tuple[str, str], Function] = {}
    for link in served.links:
        function = known.get(link.function.physical)
        if function is None or link.alias is None:
            refusals.append(f"{told} is pinned and calls {link.function.name}, which {region} does not have")
            continue
        links.append(replace(link, stage=there, function=function))
        number = served.versions[function.physical, link.alias]
        if number not in {one.number for one in lambda_reads.versions(backend.aws, served.region, function.physical)}:
            refusals.append(f"{told} calls {function.physical}:{number}, which is not a published version to copy")
            continue
        copied = _copied(backend, function, region=region, served=served, number=number)
        versions[function.physical, link.alias] = copied
        refusals += leftovers(copied, function, elsewhere=elsewhere, told=told)
    return Brought(
        region=region,
        stage=there,
        definition=body.definition,
        links=tuple(links),
        versions=versions,
        entry=_entry(backend, served),
        refusals=tuple(dict.fromkeys(refusals)),
    )


def _entry(backend: Backend, served: Kept) -> Record | None:
    told = split_tag(served.tag)
    found = release_log.read(backend.aws, served.region).release(told[0]) if told is not None else None
    return found if found is not None and found.tag == served.tag else None


def _wanted(backend: Backend, api: Api, stage: StageSpec, served: Kept) -> Wanted:
    """The document as the region that serves exports it, with what the API's own says of the API as a whole."""
    home = Home(accounts=frozenset({backend.context.account}), regions=frozenset({served.region}))
    bare = without_settings(served.document)
    document = neutralise(bare, home=home, bindings=api.bindings.get(served.region, {}))
    document = with_whole_settings(document, api.definition)
    source = Source(
        told=f"{served.region}/{served.stage}",
        document=dict(served.document),
        stages=(stage,),
        region=served.region,
        stage=served.stage,
        api_id=served.api_id,
        home=home,
    )
    name = served.digest or digest(document)
    return Wanted(api=replace(api, definition=document, stages=(stage,)), source=source, digest=name)


def _copied(backend: Backend, function: FunctionSpec, *, region: str, served: Kept, number: str) -> Function:
    """The version that serves elsewhere, as this region is to have it."""
    published = lambda_reads.versions(backend.aws, served.region, function.physical)
    version = next(one for one in published if one.number == number)
    is_image = version.config.get("PackageType") == "Image"
    image = _image(backend, served.region, function.physical, number) if is_image else None
    wanted = Function.wanted(backend.context, region, function)
    settings = lambda_settings.settings_of(version.config, image=image)
    settings |= {name: getattr(wanted, name) for name in settings if name in function.overridden}
    named = {name.partition(".")[2] for name in function.overridden if name.startswith("environment.")}
    if "environment" not in function.overridden:
        own = {key: value for key, value in function.environment.items() if key in named}
        settings["environment"] = {**settings["environment"], **own}
    facts = releases.facts_of(version.description)
    stamp = Stamp(commit=facts.get("commit", ""), author=facts.get("by", ""), time=facts.get("time", ""))
    release = releases.fingerprint(settings)
    copied: dict[str, Any] = settings
    if "code" not in function.overridden:
        copied = copied | {
            "source": replace(function.code, path=None, s3=None, image=settings["code"] if image else None),
            "artefact": None,
            "copied_from": None if image else (served.region, number),
        }
    return replace(
        wanted,
        **copied,
        managed=releases.managed(settings),
        note=releases.described(release, stamp),
        release=release,
    )


def _image(backend: Backend, region: str, physical: str, number: str) -> str:
    found = backend.aws.lambda_(region).get_function(FunctionName=physical, Qualifier=number)
    return found.get("Code", {}).get("ImageUri", "")


def leftovers(copied: Function, function: FunctionSpec, *, elsewhere: Collection[str], told: str) -> Iterator[str]:
    """What a region would get that is of another one, a sentence each; values are not told, they may be secret.

    Args:
        copied: the version as the region is to have it. function: the spec's, of that region.
        elsewhere: the region it is copied from, and the primary. told: the stage it is copied for.
    """
    way = f"functions: {function.name}: regions: {copied.region}:"
    place = f"{copied.region}/function/{function.name}, for {told}"
    said = function.overridden
    for name, value in sorted((copied.environment or {}).items()):
        if not {"environment", f"environment.{name}"} & said and (found := _named(value, elsewhere)):
            what = f"the environment variable {name} names {found}"
            yield f"{place}: {what}; say `{way} environment: {name}` in the spec"
    for layer in copied.layers or () if "layers" not in said else ():
        if found := _named(layer, elsewhere):
            yield f"{place}: the layer {layer} is of {found}; say `{way} layers` in the spec"
    image = copied.source.image if "code" not in said else None
    if image and (found := _named(image, elsewhere)):
        yield f"{place}: the image {image} is of {found}; say `{way} code` in the spec"
    if copied.vpc and copied.vpc != NO_VPC and "vpc" not in said:
        subnets = ", ".join(copied.vpc.subnets)
        yield f"{place}: the subnets {subnets} are of another region; say `{way} vpc` in the spec"


def variables(stage: StageSpec, served: Kept, elsewhere: Collection[str]) -> dict[str, str]:
    """As the stage serves; one that names another region as the spec has it, for the spec knows every region."""
    return {
        name: stage.variables.get(name, value) if _named(value, elsewhere) else value
        for name, value in served.variables.items()
    }


def left_variables(there: StageSpec, stage: StageSpec, elsewhere: Collection[str], *, told: str) -> Iterator[str]:
    """What a region would get that is of another one, and that the spec has no value for, a sentence each.

    Args:
        there: as the region is to have it. stage: as the spec has it.
    """
    for name, value in sorted(there.variables.items()):
        if name not in stage.variables and (found := _named(value, elsewhere)):
            way = f"api: stages: {stage.name}: variables: {name}"
            yield f"{told}: the stage variable {name} names {found}; say `{way}` in the spec"


def _named(text: str, regions: Collection[str]) -> str:
    """Which of these regions a text names, or a zone of it (us-east-1a); empty for none."""
    for region in sorted(regions):
        if re.search(rf"(?<![A-Za-z0-9]){re.escape(region)}[a-f]?(?![A-Za-z0-9])", text):
            return region
    return ""
