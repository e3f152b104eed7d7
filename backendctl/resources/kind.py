"""A kind of resource: what the engine knows of one, and where it comes from."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol, Self

from backendctl.engine.resource import Resource
from backendctl.resources.deploy_context import DeployContext


class Kind(Resource, Protocol):
    """A resource that a spec can ask for."""

    @classmethod
    def desired(cls, context: DeployContext) -> Iterable[Self]:
        """Every one of this kind that the spec asks for, in every region."""
