"""One backend that is worked on, and the operator's side of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from backendctl.engine.plan import Planner
from backendctl.errors import BackendctlError, Fault, SpecError
from backendctl.resources import KINDS
from backendctl.spec.config import AT_ONCE

if TYPE_CHECKING:
    from backendctl.api.body import Wanted
    from backendctl.aws.connection import Access, Aws
    from backendctl.aws.crew import Crew
    from backendctl.resources.deploy_context import DeployContext
    from backendctl.spec import Draft
    from backendctl.spec.loader import Document
    from backendctl.spec.model import Spec


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """The operator's side: flags, environment and config.yaml, already merged.

    Attributes:
        spec: path of the spec file.
        regions: only these of the spec's; empty means all.
        accounts: account ids that may be touched; empty means any.
        workers: calls at once, over all regions.
        journal: folder for the journal of mutating calls; None keeps none.
        allow_runtimes: names of runtimes that are tried although AWS takes no more updates of them; None for all.
        tell: gets each line that a build command writes; None when nobody listens.
        stages: of the API's, the ones to release alone; empty for all that are not pinned.
        environment: variables by which a `backendctl` that is run on the way, in a hook, means the same backend.
    """

    spec: Path
    access: Access
    regions: tuple[str, ...] = ()
    accounts: tuple[str, ...] = ()
    workers: int = AT_ONCE
    journal: Path | None = None
    allow_runtimes: tuple[str, ...] | None = ()
    tell: Callable[[str], None] | None = None
    stages: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Backend:
    """One backend, opened: everything a use case needs.

    Attributes:
        spec: its API's definition is neutral; empty while that of a live source has not been read.
        wanted: the API and where its definition comes from; None while that of a live source has not been read.
        draft: knows the places in the files. source_error: why the live source could not be read.
        faults, refusals: what stands in the way of any release.
        ahead: reads a plan's answers while this one is made; None where nobody does.
    """

    settings: Settings
    spec: Spec
    aws: Aws
    context: DeployContext
    unreachable: Mapping[str, BackendctlError] = field(default_factory=dict)
    warnings: tuple[Fault, ...] = ()
    wanted: Wanted | None = None
    draft: Draft | None = None
    source_error: BackendctlError | None = None
    ahead: Crew | None = None
    faults: tuple[Fault, ...] = ()
    refusals: tuple[str, ...] = ()

    @property
    def planner(self) -> Planner:
        """Makes plans of this backend, of all kinds and in the spec's regions."""
        spec, workers = self.spec, self.settings.workers
        return Planner(kinds=KINDS, aws=self.aws, regions=spec.regions, workers=workers, backend=spec.backend)

    def refuse_faults(self) -> None:
        """Raise SpecError when the spec cannot be released as it stands."""
        if self.faults:
            raise SpecError(list(self.faults))

    @property
    def documents(self) -> tuple[Document, ...]:
        """The files of the API's definition and of its stages' own."""
        return self.draft.definitions if self.draft else ()

    def document(self, stage: str | None = None) -> Document | None:
        """The file of the API's definition, or of a stage's own."""
        if self.draft is None:
            return None
        return self.draft.definition if stage is None else self.draft.own_definitions.get(stage)
