"""The hosts that serve: what of a stage or a mapping they show, some time after it was written (A51)."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Generic, TypeVar

from backendctl.sandbox.apigateway.model import Api, Definition, Doc, Region
from backendctl.sandbox.timing import FLEET, Pace, Propagation

V = TypeVar("V")
Key = tuple[str, str, str]
"""Region, API id and stage name; or region, domain name and base path."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ShownStage:
    """A stage as it stood at one moment; deployment, variables and canary of one UpdateStage arrive together.

    Attributes:
        definitions: the snapshots it shows, by deployment id. They outlive the deployment, as on a host that has not
            heard of its end.
    """

    stage: Doc
    api: Api = field(compare=False)
    definitions: dict[str, Definition] = field(compare=False)


@dataclass(kw_only=True, slots=True)
class _Late(Generic[V]):
    """What was written last, and on which host it is by now."""

    arriving: Propagation[Key, V | None]
    freeze: Callable[[V], V]
    _last: dict[Key, V] = field(default_factory=dict)

    def write(self, region: str, now: Mapping[Key, V], *, at_once: bool) -> None:
        """Send what has changed in a region on its way."""
        known = [key for key in self._last if key[0] == region]
        for key in dict.fromkeys([*known, *now]):
            before, after = self._last.get(key), now.get(key)
            if before == after:
                continue
            frozen = None if after is None else self.freeze(after)
            if frozen is None:
                del self._last[key]
            else:
                self._last[key] = frozen
            if not at_once:
                self.arriving.change(key, before=before, after=frozen)

    def seen(self, key: Key, host: int) -> V | None:
        """What a host shows."""
        return self.arriving.seen(key, self._last.get(key), host=host)

    def known(self) -> set[Key]:
        """All that some host may show."""
        return {*self._last, *self.arriving.on_the_way()}


def _frozen(shown: ShownStage) -> ShownStage:
    return replace(shown, stage=copy.deepcopy(shown.stage))


@dataclass(kw_only=True, slots=True)
class Hosts:
    """The stages and mappings of every region, as the hosts know them.

    Each change is on its way by itself: a stage knows nothing of other stages, of mappings or of Lambda's aliases.
    """

    pace: Pace
    _stages: _Late[ShownStage] = field(init=False)
    _mappings: _Late[Doc] = field(init=False)

    def __post_init__(self) -> None:
        self._stages = _Late(arriving=Propagation(pace=self.pace, hosts=FLEET), freeze=_frozen)
        self._mappings = _Late(arriving=Propagation(pace=self.pace, hosts=FLEET), freeze=copy.deepcopy)

    def publish(self, name: str, region: Region, *, at_once: bool = False) -> None:
        """Tell the hosts how a region stands.

        Args:
            name: of the region.
            region: all of it.
            at_once: whether they know at once, as after a restart.
        """
        stages = {
            (name, api.id, stage["stageName"]): ShownStage(stage=stage, api=api, definitions=_definitions(api, stage))
            for api in region.apis.values()
            for stage in api.stages.values()
        }
        mappings = {
            (name, domain_name, base): mapping
            for domain_name, domain in region.domains.items()
            for base, mapping in domain.mappings.items()
        }
        self._stages.write(name, stages, at_once=at_once)
        self._mappings.write(name, mappings, at_once=at_once)

    def host(self) -> int:
        """The host that one request gets to."""
        return self.pace.chance.randrange(FLEET)

    def stage(self, key: Key, host: int) -> ShownStage | None:
        """A stage as a host shows it; None when it knows none of that name."""
        return self._stages.seen(key, host)

    def mappings(self, region: str, domain: str, host: int) -> dict[str, Doc]:
        """The mappings of a domain, by base path, as a host knows them."""
        keys = [key for key in self._mappings.known() if key[:2] == (region, domain)]
        seen = {key[2]: self._mappings.seen(key, host) for key in keys}
        return {base: mapping for base, mapping in seen.items() if mapping is not None}


def _definitions(api: Api, stage: Doc) -> dict[str, Definition]:
    canary = stage.get("canarySettings", {})
    shown = {stage["deploymentId"], canary.get("deploymentId", stage["deploymentId"])}
    return {identifier: api.deployments[identifier].definition for identifier in shown}
