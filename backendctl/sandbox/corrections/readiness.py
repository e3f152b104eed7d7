"""Provisioned concurrency as it is: environments of a version which are loaded before any call comes."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from backendctl.sandbox.corrections import function_records as records

if TYPE_CHECKING:
    from collections.abc import Mapping

Key = tuple[str, str, str | None]
"""Region, function, and the version or alias."""


class Provisioner(Protocol):
    """Whoever runs functions."""

    def provision(self, region: str, config: Mapping[str, Any], code: bytes, count: int) -> str | None:
        """Load so many environments of a version and keep them; AWS's word for why not. Blocks."""

    def release(self, region: str, function: str, version: str) -> None:
        """Keep nothing ready for a version any more."""


@dataclass(kw_only=True, slots=True)
class Readiness:
    """What is being loaded.

    Attributes:
        provisioner: None loads nothing, and all is well.
    """

    provisioner: Provisioner | None = None
    _loading: dict[Key, asyncio.Task[None]] = field(default_factory=dict)

    def begin(self, place: tuple[str, str], qualifier: str, count: int) -> None:
        """Load the version behind a qualifier."""
        if self.provisioner is not None:
            task = asyncio.create_task(self._load(self.provisioner, place, qualifier, count))
            self._loading[(*place, qualifier)] = task

    def lasts(self, key: Key) -> bool:
        """Whether it is still being loaded."""
        task = self._loading.get(key)
        if task is not None and task.done():
            del self._loading[key]
            return False
        return task is not None

    def end(self, place: tuple[str, str], version: str) -> None:
        """Keep nothing ready for a version any more."""
        if self.provisioner is not None:
            self.provisioner.release(*place, version)

    async def _load(self, provisioner: Provisioner, place: tuple[str, str], qualifier: str, count: int) -> None:
        known = records.record(place)
        version = (known or {"versions": {}})["versions"].get(records.version_of(place, qualifier))
        if known is None or version is None:
            return
        reason = await asyncio.to_thread(
            provisioner.provision, place[0], version["config"], version["code_zip"] or b"", count
        )
        config = known["provisioned_concurrency"].get(qualifier)
        if reason is not None and config is not None:
            config |= {
                "Status": "FAILED",
                "StatusReason": reason,
                "AvailableProvisionedConcurrentExecutions": 0,
                "AllocatedProvisionedConcurrentExecutions": 0,
            }
