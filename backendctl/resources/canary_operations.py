"""What the operations on a running canary have in common, be it a stage's or one of Lambda's own."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, Generic, Protocol, TypeVar

from backendctl.engine.action import Action
from backendctl.engine.diff import FieldChange
from backendctl.engine.traits import Traits
from backendctl.resources.apigateway.stage_writes import changed_fields
from backendctl.resources.ssm.release_record import Record

if TYPE_CHECKING:
    from backendctl.aws.connection import Aws

KIND = "canary"


class Running(Protocol):
    """A canary as it was looked at. percent: its share of the traffic."""

    @property
    def region(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def percent(self) -> float: ...


C = TypeVar("C", bound=Running)


@dataclass(frozen=True, kw_only=True, slots=True)
class _OfCanary(Generic[C]):
    kind: ClassVar[str] = KIND
    traits: ClassVar[Traits] = Traits(of_release=True)

    canary: C
    entry: Record | None = field(default=None, repr=False)

    @property
    def region(self) -> str:
        """The canary's."""
        return self.canary.region

    @property
    def name(self) -> str:
        """The stage's, or the alias's with its function."""
        return self.canary.name


@dataclass(frozen=True, kw_only=True, slots=True)
class ShiftOf(_OfCanary[C]):
    """Another share for the canary that runs; what it shows stays what it is.

    Attributes:
        canary: as it was looked at. entry: of the release log; None for a canary without a number.
        percent: its new share. requires: addresses of what an earlier wave of regions does.
    """

    action: ClassVar[Action] = Action.UPDATE
    taken_back: ClassVar[str] = "backendctl promote-canary --to PERCENT"

    percent: float
    requires: frozenset[str] = field(default=frozenset(), repr=False)

    def needs(self) -> frozenset[str]:
        """What an earlier wave of regions does."""
        return self.requires

    def read(self, aws: Aws) -> tuple[FieldChange, ...]:
        """Both shares, when they differ."""
        del aws
        return tuple(changed_fields({"percent": self.canary.percent}, {"percent": self.percent}))


@dataclass(frozen=True, kw_only=True, slots=True)
class EndOf(_OfCanary[C]):
    """All traffic goes to the baseline again."""

    action: ClassVar[Action] = Action.DELETE
    taken_back: ClassVar[str] = "backendctl start-canary"

    def needs(self) -> frozenset[str]:
        """Nothing: all regions at once."""
        return frozenset()

    def read(self, aws: Aws) -> tuple[FieldChange, ...]:
        """The share that goes."""
        del aws
        return (FieldChange(field="percent", before=self.canary.percent, after=None),)
