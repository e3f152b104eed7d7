"""Which regions a backend lives in, so that one taken out of the spec is found again without a state file.

The primary region names every region, and every other region names the primary: whichever regions a spec still
names, all others are found from them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Self

from backendctl.aws import tags as tagging
from backendctl.aws.crew import together
from backendctl.aws.errors import BotoCoreError, ClientError, explain, is_denied, is_missing, quietly, says
from backendctl.engine.traits import Traits

if TYPE_CHECKING:
    from backendctl.aws.connection import Aws
    from backendctl.resources.deploy_context import DeployContext


@dataclass(frozen=True, kw_only=True, slots=True)
class RegionIndex:
    """One entry: the SSM parameter `/backendctl/<backend>/regions/<name>`.

    The path is the mark of ownership; the tags are for people.

    Attributes:
        region: where the entry is kept. name: the region it names.
    """

    kind: ClassVar[str] = "region-index"
    stateful: ClassVar[bool] = False
    scope: ClassVar[str] = "region"
    traits: ClassVar[Traits] = Traits(opens_region=True, beside_canary=True, made_if_missing=True)

    region: str = field(compare=False)
    name: str = field(compare=False)
    owner: str | None = field(compare=False)
    tags: dict[str, str] = field(default_factory=dict, compare=False)
    value: str | None = None

    @classmethod
    def desired(cls, context: DeployContext) -> Iterable[Self]:
        """All regions in the primary, the primary in all others; also those that are not worked on now."""
        spec = context.spec
        tags = tagging.marked(context.backend, spec.tags)
        pairs = [(spec.primary, name) for name in (spec.all_regions if spec.primary in spec.regions else spec.regions)]
        pairs += [(region, spec.primary) for region in spec.regions if region != spec.primary]
        for region, name in pairs:
            yield cls(region=region, name=name, owner=context.backend, tags=tags, value=name)

    @classmethod
    def read(cls, aws: Aws, desired: Self) -> Self | None:
        """From one list per region."""
        value = _entries(aws, desired.region).get(desired.name)
        if value is None:
            return None
        return cls(region=desired.region, name=desired.name, owner=aws.backend, value=value)

    @classmethod
    def owned(cls, aws: Aws, region: str) -> Iterable[Self]:
        """Everything under our path."""
        for name, value in _entries(aws, region).items():
            yield cls(region=region, name=name, owner=aws.backend, value=value)

    def needs(self) -> frozenset[str]:
        """Nothing; everything in a region comes after its entry."""
        return frozenset()

    def create(self, aws: Aws) -> None:
        """Written with its tags; one that exists by now says the same."""
        tags: Any = tagging.to_list(self.tags)
        try:
            aws.ssm(self.region).put_parameter(
                Name=_path(aws.backend) + self.name, Value=self.value or self.name, Type="String", Tags=tags
            )
        except ClientError as error:
            if not says(error, "ParameterAlreadyExists"):
                raise

    def update(self, aws: Aws, live: Self) -> None:
        """Write it again."""
        del live
        aws.ssm(self.region).put_parameter(
            Name=_path(aws.backend) + self.name, Value=self.value or self.name, Type="String", Overwrite=True
        )

    def delete(self, aws: Aws) -> None:
        """The region is forgotten."""
        try:
            aws.ssm(self.region).delete_parameter(Name=_path(aws.backend) + self.name)
        except ClientError as error:
            if not is_missing(error):
                raise


def known_regions(aws: Aws, spec_regions: Sequence[str], *, silent: Collection[str] = ()) -> list[str]:
    """The spec's regions, then those the backend lives in although the spec does not name them (any more).

    Args:
        silent: regions that are not asked, as they are known not to answer.

    Raises:
        BackendctlError: we may not read them.
    """
    known = list(spec_regions)
    together(partial(quietly, partial(_entries, aws, region)) for region in known if region not in silent)
    for region in known:  # grows as regions name further ones
        if region in silent:
            continue
        try:
            known += sorted(name for name in _entries(aws, region) if name not in known)
        except (ClientError, BotoCoreError) as error:  # one that is silent names none here, and is told elsewhere
            if is_denied(error):
                raise explain(error, doing=f"read the regions of {aws.backend} in {region}") from error
    return known


def _path(backend: str) -> str:
    return f"/backendctl/{backend}/regions/"


def _entries(aws: Aws, region: str) -> dict[str, str]:
    def load() -> dict[str, str]:
        pages = aws.ssm(region).get_paginator("get_parameters_by_path").paginate(Path=_path(aws.backend))
        return {
            parameter["Name"].rsplit("/", 1)[-1]: parameter["Value"]
            for page in pages
            for parameter in page["Parameters"]
        }

    return aws.shared(("region-index", region), load)
