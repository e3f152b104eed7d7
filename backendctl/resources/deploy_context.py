"""Everything that `desired` may look at: the spec, who we are, the built code, and the slot each release goes to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from backendctl.engine.resource import address
from backendctl.openapi.integrations import Target, lambda_targets
from backendctl.package import Artefact
from backendctl.spec.model import FunctionSpec, Spec, StageSpec

if TYPE_CHECKING:
    from backendctl.resources.lambda_.function import Function as Version
    from backendctl.resources.ssm.release_record import Record


@dataclass(frozen=True, kw_only=True, slots=True)
class Stamp:
    """Who made this release, kept in version and deployment descriptions: memory lives in AWS.

    Attributes:
        commit: short commit id, with "+" when the tree was dirty; empty outside git.
        author: the commit's author. time: UTC, ISO 8601 to the second.
        operator: who runs the command and from where, "user@host". process: its number there.
    """

    commit: str
    author: str
    time: str
    operator: str = ""
    process: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Definition:
    """The API definition as one region gets it.

    Attributes:
        body: the document to send, region and account filled in.
        digest: 12 hex digits naming the neutral document: equal in every region, what people compare.
        localised: the same of what this region gets, its ids and account filled in: what has to roll out.
    """

    body: bytes
    digest: str
    localised: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Link:
    """A stage reaches a function through an alias.

    Attributes:
        variable: the stage variable whose value is the alias; None when the definition spells the alias out.
        function: the spec's function. alias: the plain alias name; None means the unqualified function.
    """

    stage: StageSpec
    variable: str | None
    function: FunctionSpec
    alias: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class SlotChoice:
    """Which of an alias's two slots a release goes to.

    Attributes:
        target: "a" or "b": where the desired release is, or goes.
        idle_exists: whether the other slot's alias exists already (then it is left alone).
        has_stage: whether a stage whose variables name the alias exists already; without one nobody calls the slots
            before the stage is made.
    """

    target: str
    idle_exists: bool
    has_stage: bool = True


@dataclass(frozen=True, kw_only=True, slots=True)
class Capacity:
    """The provisioned concurrency of a staged alias's slots.

    Attributes:
        environments: for the slot of the desired release.
        left: slots whose number is not the spec's, and stays. why: so.
        kept: why the other slot keeps what it has; empty when it does not.
    """

    environments: int
    left: frozenset[str] = frozenset()
    why: str = ""
    kept: str = ""


@dataclass(frozen=True, kw_only=True)
class DeployContext:
    """What `desired` works from.

    Attributes:
        artefacts: per (region, function name); functions of S3 or image code have none.
        code_ids: per (region, function name): base64 sha256 of the archive (Lambda's CodeSha256), or the image URI.
        definitions: per region; empty without an API.
        stage_definitions: per (region, stage), of stages that have one of their own.
        links: per region, every (stage, variable, function, alias) the definition reaches.
        slots: per (region, physical function name, plain alias) that a stage variable names.
        capacity: per the same, where the spec asks for provisioned concurrency.
        serving: (region, stage, variable) → value, of variables that lead to functions beside the spec.
        chosen: the stages that are released alone; empty for all that are not pinned.
        kept: (region, stage) of those that keep what they serve.
        versions: (region, physical function name, plain alias) → number of the version that a kept stage serves.
        brought: the same keys → the function as a pinned stage serves it elsewhere, for a region that lacks the stage.
        stage_specs: (region, stage) → the stage as it serves elsewhere, for the same.
        noted: (region, stage) → the entry of the release log that tells of it elsewhere.
    """

    spec: Spec
    account: str
    partition: str
    stamp: Stamp
    artefacts: Mapping[tuple[str, str], Artefact] = field(default_factory=dict)
    code_ids: Mapping[tuple[str, str], str] = field(default_factory=dict)
    definitions: Mapping[str, Definition] = field(default_factory=dict)
    stage_definitions: Mapping[tuple[str, str], Definition] = field(default_factory=dict)
    links: Mapping[str, tuple[Link, ...]] = field(default_factory=dict)
    slots: Mapping[tuple[str, str, str], SlotChoice] = field(default_factory=dict)
    capacity: Mapping[tuple[str, str, str], Capacity] = field(default_factory=dict)
    serving: Mapping[tuple[str, str, str], str] = field(default_factory=dict)
    chosen: frozenset[str] = frozenset()
    kept: frozenset[tuple[str, str]] = frozenset()
    versions: Mapping[tuple[str, str, str], str] = field(default_factory=dict)
    brought: Mapping[tuple[str, str, str], Version] = field(default_factory=dict)
    stage_specs: Mapping[tuple[str, str], StageSpec] = field(default_factory=dict)
    noted: Mapping[tuple[str, str], Record] = field(default_factory=dict)

    @property
    def api_regions(self) -> tuple[str, ...]:
        """The regions that get the API: all but that of a live source, which stays as it is."""
        return tuple(region for region in self.spec.regions if region in self.definitions)

    def definition_of(self, region: str, stage: str) -> Definition:
        """What a stage is to serve: its own definition, or the API's."""
        return self.stage_definitions.get((region, stage), self.definitions[region])

    def called_in(self, region: str) -> tuple[FunctionSpec, ...]:
        """The spec's functions, and those beside the spec that the API calls."""
        known = {function.physical: function for function in self.spec.functions_in(region)}
        for link in self.links.get(region, ()):
            known.setdefault(link.function.physical, link.function)
        return tuple(known.values())

    @property
    def backend(self) -> str:
        """The backend's name, which is the mark of ownership."""
        return self.spec.backend

    @cached_property
    def targets(self) -> tuple[Target, ...]:
        """Every function that the API's definition names; empty without an API."""
        return tuple(lambda_targets(self.spec.api.definition)) if self.spec.api is not None else ()

    def targets_of(self, stage: StageSpec) -> tuple[Target, ...]:
        """Every function that the document of a stage names."""
        return self.targets if stage.definition is None else tuple(lambda_targets(stage.definition))

    @cached_property
    def role_name(self) -> str | None:
        """The execution role we keep, None when the spec gives one for every function."""
        functions = [f for region in self.spec.all_regions for f in self.spec.functions_in(region)]
        if self.spec.role or not any(f.role is None for f in functions):
            return None
        return f"{self.backend}-lambda"

    def role_arn(self, function: FunctionSpec) -> str:
        """The ARN of a function's execution role; a role of ours has a name we know, so the ARN is known too."""
        given = function.role or self.spec.role
        return given or f"arn:{self.partition}:iam::{self.account}:role/{self.backend}-lambda"

    def staged(self, region: str, function: FunctionSpec) -> dict[str, list[Link]]:
        """The function's plain aliases that stage variables name, each with its links; these have slots."""
        found: dict[str, list[Link]] = {}
        for link in self.links_to(region, function):
            if link.variable is not None and link.alias is not None:
                found.setdefault(link.alias, []).append(link)
        return found

    def links_to(self, region: str, function: FunctionSpec) -> Sequence[Link]:
        """The links that lead to a function."""
        return self._links_by_function.get((region, function.name), ())

    @cached_property
    def _links_by_function(self) -> Mapping[tuple[str, str], Sequence[Link]]:
        found: dict[tuple[str, str], list[Link]] = {}
        for region, links in self.links.items():
            for link in links:
                found.setdefault((region, link.function.name), []).append(link)
        return found

    def is_kept(self, region: str, physical: str, alias: str) -> bool:
        """Whether an alias stays at its version, for a stage that keeps what it serves leads to it."""
        return (region, physical, alias) in self.versions

    def is_pinned(self, region: str, physical: str, alias: str) -> bool:
        """Whether the spec's own release does not go to an alias: it is kept, or a pinned stage's is brought to it."""
        key = (region, physical, alias)
        return key in self.versions or key in self.brought

    def brought_of(self, region: str, physical: str) -> tuple[Version, ...]:
        """The releases of a function that pinned stages serve elsewhere, each once."""
        found = {
            one.release: one for (where, name, _), one in self.brought.items() if (where, name) == (region, physical)
        }
        return tuple(found.values())

    def data_of(self, region: str) -> frozenset[str]:
        """Addresses of the tables and replicas that code in that region may ask for."""
        return frozenset(
            address(region, kind, table.name) for table in self.spec.tables for kind in ("table", "replica")
        )

    def data_before_calls(self, region: str, physical: str, alias: str | None) -> frozenset[str]:
        """What has to be there before anybody calls an alias whose slots are made before their data is.

        Args:
            alias: the plain name.

        Returns:
            none where the alias itself waits for the data.
        """
        choice = self.slots.get((region, physical, alias or ""))
        return frozenset() if choice is None or choice.has_stage else self.data_of(region)

    def slot_alias(self, region: str, function: FunctionSpec, alias: str) -> str:
        """The name a stage variable gets for a plain alias, e.g. version1-b."""
        return f"{alias}-{self.slots[region, function.physical, alias].target}"
