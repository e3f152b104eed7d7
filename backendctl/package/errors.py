"""What goes wrong while an archive is made."""

from __future__ import annotations

from backendctl.errors import BackendctlError


class PackageError(BackendctlError):
    """A function's code cannot be packaged; AWS has not been called for it.

    Attributes:
        faults: one sentence each; empty when the message says it all.
    """

    def __init__(self, message: str, *, faults: tuple[str, ...] = (), hint: str = "") -> None:
        super().__init__("\n".join([message, *(f"  {fault}" for fault in faults)]), hint=hint)
        self.faults = faults
