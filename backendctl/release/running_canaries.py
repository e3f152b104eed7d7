"""A canary that is on when one is to be started: the same, said again, or another one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Self

from backendctl.engine.plan import Plan
from backendctl.engine.resource import address
from backendctl.errors import UsageError
from backendctl.release.numbering import content_of
from backendctl.release.targets import split
from backendctl.resources.apigateway.canary import Canary
from backendctl.resources.apigateway.stage import Stage
from backendctl.resources.apigateway.stage_writes import END_IT
from backendctl.resources.lambda_.alias import Alias
from backendctl.resources.ssm.release_record import Event, Record, token_of

if TYPE_CHECKING:
    from backendctl.release.log_reading import Logs
    from backendctl.release.releasing import Releasing
    from backendctl.resources.apigateway.canary import CanaryStart
    from backendctl.resources.lambda_.alias_canary import AliasCanary, AliasCanaryStart

_SHIFT = "shift it: backendctl promote-canary --to"


def content_token(releasing: Releasing) -> str:
    """What names a canary of the spec's content."""
    return token_of(str(Event.CANARY), content_of(releasing.context))


def _mine(logs: Logs, releasing: Releasing, token: str) -> Record | None:
    """The newest release, if it is that canary by the same operator; from a region where it is not over, if any."""
    newest = next(reversed(logs.releases()), None)
    if newest is None or newest.event is not Event.CANARY or newest.operator != releasing.context.stamp.operator:
        return None
    if newest.token != token:
        return None
    return next((one for one in logs.numbered(newest.number).values() if not one.is_over), newest)


@dataclass(frozen=True, kw_only=True, slots=True)
class Running:
    """What is on where a canary is to be started.

    Attributes:
        canaries: region, name of the stage or alias, and the canary on it; None for none.
        mine: the release that whoever asks has started with this content, if it is the newest.
        percent: the share that was asked for; None for the spec's first step.
    """

    canaries: Sequence[tuple[str, str, Canary | AliasCanary | None]]
    mine: Record | None
    percent: float | None

    @classmethod
    def read(
        cls,
        starts: Sequence[CanaryStart] | Sequence[AliasCanaryStart],
        logs: Logs,
        releasing: Releasing,
        *,
        percent: float | None,
        token: str = "",
    ) -> Self:
        """What is on where these are to start. token: names the content; empty takes what the spec says."""
        return cls(
            canaries=[(one.region, one.name, one.running(releasing.aws)) for one in starts],
            mine=_mine(logs, releasing, token or content_token(releasing)),
            percent=percent,
        )

    def holds(self) -> bool:
        """Whether the same canary is on everywhere and its start has ended: it is only said again.

        Raises:
            UsageError: it is, with another share than was asked for.
        """
        if self.mine is None or not self.mine.is_over or not self.canaries:
            return False
        if any(one is None or one.tag != self.mine.tag for _, _, one in self.canaries):
            return False
        percents = {one.percent for _, _, one in self.canaries if one is not None}
        if self.percent is not None and percents != {self.percent}:
            raise UsageError(f"{self._on()}, not with {self.percent:g} %", hint=f"{_SHIFT} {self.percent:g}")
        return True

    def begun_elsewhere(self, regions: Sequence[str]) -> Record | None:
        """The same canary, when it is on in other regions only: it comes to these under its own number.

        Args:
            regions: those that were asked for.
        """
        tags = {one.tag if one is not None else "" for _, _, one in self.canaries}
        if self.mine is None or not self.mine.is_over or tags != {"", self.mine.tag}:
            return None
        return replace(self.mine, regions=tuple(dict.fromkeys((*self.mine.regions, *regions))))

    def plan(self, releasing: Releasing) -> Plan:
        """Nothing to do, and why."""
        spec = releasing.spec
        told = f"{self._on()} already: nothing is left to do"
        return Plan(backend=spec.backend, regions=spec.regions, changes=(), remarks=(told,))

    def refuse(self, entry: Record) -> None:
        """No canary is started over another one, and none that was begun goes on with another share.

        Args:
            entry: of the canary that begins or goes on.

        Raises:
            UsageError: one of the two.
        """
        if self.percent is not None and entry.percent is not None and self.percent != entry.percent:
            raise UsageError(
                f"v{entry.number} was begun with {entry.percent:g} %, and is finished with that, "
                f"not with {self.percent:g} %",
                hint=f"finish it with {entry.percent:g}; afterwards {_SHIFT} {self.percent:g}",
            )
        reasons = [
            f"a canary{f' (v{number})' if (number := split(one.tag)) is not None else ''} is on "
            f"{address(region, Stage.kind if isinstance(one, Canary) else Alias.kind, name)}, with {one.percent:g} %"
            for region, name, one in self.canaries
            if one is not None and one.tag != entry.tag
        ]
        if reasons:
            raise UsageError("; ".join(reasons), hint="shift it (backendctl promote-canary --to PERCENT), or " + END_IT)

    def _on(self) -> str:
        percents = sorted({one.percent for _, _, one in self.canaries if one is not None})
        number = self.mine.number if self.mine is not None else None
        return f"v{number} is running as a canary, with {' and '.join(f'{percent:g}' for percent in percents)} %"
