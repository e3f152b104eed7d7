"""What a pinned stage keeps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from backendctl.resources.deploy_context import Link

if TYPE_CHECKING:
    pass


@dataclass(frozen=True, kw_only=True, slots=True)
class Kept:
    """What one pinned stage serves in one region.

    Attributes:
        links: what it calls, of the spec's functions.
        versions: (physical function name, plain alias) → version number.
        document: the export of what it serves. digest: of the definition, where the deployment is ours.
        variables: with the plain aliases in the place of slots. tag: of the release it serves; empty for none.
        lost: functions of ours that it calls and the spec does not have.
    """

    region: str
    stage: str
    links: tuple[Link, ...] = ()
    versions: Mapping[tuple[str, str], str] = field(default_factory=dict)
    api_id: str = ""
    document: Mapping[str, Any] = field(default_factory=dict, repr=False)
    digest: str | None = None
    variables: Mapping[str, str] = field(default_factory=dict)
    tag: str = ""
    lost: tuple[str, ...] = ()
