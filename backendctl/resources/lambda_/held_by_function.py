"""What kinds have in common that lie on a function or alias and have no mark of their own."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from backendctl.aws.connection import Aws


class HeldByFunction:
    """A setting that is put whole, goes with its function or alias, and is never deleted alone."""

    __slots__ = ()

    @classmethod
    def owned(cls, aws: Aws, region: str) -> Iterable[Self]:
        """None: it goes with what it is on, and what the spec no longer says is left as it is."""
        del aws, region
        return ()

    def create(self, aws: Aws) -> None:
        """Put it whole, which is safe to repeat."""
        raise NotImplementedError

    def update(self, aws: Aws, live: Self) -> None:
        """The same: what is put takes the place of what was there."""
        del live
        self.create(aws)

    def delete(self, aws: Aws) -> None:
        """It is never deleted alone; see `owned`."""
        del aws
