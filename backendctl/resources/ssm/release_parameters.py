"""What stages and aliases have served, and which regions were drained, as a destroy finds it: by its path.

Whoever turns a stage over writes into the log, and who drains a region its mark; nobody makes either for its own sake,
so that no plan of a deploy has one.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, Self

from backendctl.resources.ssm import drain_mark, old_notes
from backendctl.resources.ssm.release_log import root

if TYPE_CHECKING:
    from backendctl.aws.connection import Aws
    from backendctl.resources.deploy_context import DeployContext

_AT_ONCE = 10
"""Names that DeleteParameters takes."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ReleaseLog:
    """The release log of a region, and its older form; the path is the mark of ownership.

    Attributes:
        name: the backend's.
        parameters: their names.
    """

    kind: ClassVar[str] = "release-log"
    stateful: ClassVar[bool] = False
    scope: ClassVar[str] = "region"

    region: str = field(compare=False)
    name: str = field(compare=False)
    owner: str | None = field(compare=False)
    parameters: tuple[str, ...] = ()

    @classmethod
    def desired(cls, context: DeployContext) -> Iterable[Self]:
        """None: it comes with the releases."""
        del context
        return ()

    @classmethod
    def read(cls, aws: Aws, desired: Self) -> Self | None:
        """From one list."""
        return next(iter(cls.owned(aws, desired.region)), None)

    @classmethod
    def owned(cls, aws: Aws, region: str) -> Iterable[Self]:
        """One per region, where there is any parameter."""
        found = _parameters(aws, region)
        if found:
            yield cls(region=region, name=aws.backend, owner=aws.backend, parameters=found)

    def needs(self) -> frozenset[str]:
        """Nothing."""
        return frozenset()

    def create(self, aws: Aws) -> None:
        """Nothing: a release writes it."""
        del aws

    def update(self, aws: Aws, live: Self) -> None:
        """Nothing: a release writes it."""
        del aws, live

    def delete(self, aws: Aws) -> None:
        """What is there by now; AWS names what it did not find, and takes that for no error."""
        found = _parameters(aws, self.region)
        for start in range(0, len(found), _AT_ONCE):
            aws.ssm(self.region).delete_parameters(Names=list(found[start : start + _AT_ONCE]))


def _parameters(aws: Aws, region: str) -> tuple[str, ...]:
    """Entries of the release log, the notes that were kept before there was one, and the marks of drained regions."""
    everything = aws.ssm(region).get_paginator("get_parameters_by_path")
    pages = everything.paginate(Path=f"/backendctl/{aws.backend}/", Recursive=True)
    names = [parameter["Name"] for page in pages for parameter in page["Parameters"]]
    ours = (root(aws.backend), old_notes.path(aws.backend, ""), drain_mark.root(aws.backend))
    return tuple(sorted(name for name in names if name.startswith(ours)))
