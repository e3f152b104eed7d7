"""What an operation is: something that is done once, such as turning a stage, and not a resource that stays.

A resource is compared with what the spec wants and has a create, an update and a delete; an operation reads whether
it still has something to do, does it, and names how it is taken back. Both are planned, shown, digested and carried
out alike, and both are unchanged when they are asked for again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Protocol

if TYPE_CHECKING:
    from backendctl.aws.connection import Aws
    from backendctl.engine.action import Action
    from backendctl.engine.diff import FieldChange


class Operation(Protocol):
    """One step of a verb, in one region.

    Attributes:
        kind: singular noun of what it works on, e.g. "canary". name: unique within kind and region.
        action: what it means for that: the canary is created, updated, deleted.
        taken_back: the command that undoes it, e.g. "backendctl abort-canary"; empty when nothing has to be undone.
    """

    kind: ClassVar[str]
    action: ClassVar[Action]
    taken_back: ClassVar[str]

    @property
    def region(self) -> str: ...
    @property
    def name(self) -> str: ...

    def needs(self) -> frozenset[str]:
        """Addresses that must be finished before it."""

    def read(self, aws: Aws) -> tuple[FieldChange, ...]:
        """What it would change now; empty when it holds already.

        Raises:
            RefusedError: what is there does not allow it.
        """

    def run(self, aws: Aws) -> None:
        """Do it, and read back that it holds. Safe to repeat after a kill at any moment."""
