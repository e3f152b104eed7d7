"""Lambda archives that are the same on every machine, so that the same code is not deployed twice.

A `Source` says where a function's code comes from, `check` what is wrong with it, `Packager.build` makes the
`Artefact` that is sent. Nothing here talks to AWS.
"""

from __future__ import annotations

from backendctl.package.errors import PackageError
from backendctl.package.handler import handler_faults
from backendctl.package.packager import (
    DIRECT_LIMIT,
    UNZIPPED_LIMIT,
    Packager,
    build,
    check,
    handler_check,
    limit_faults,
)
from backendctl.package.source import Artefact, Source

__all__ = [
    "DIRECT_LIMIT",
    "UNZIPPED_LIMIT",
    "Artefact",
    "PackageError",
    "Packager",
    "Source",
    "build",
    "check",
    "handler_check",
    "handler_faults",
    "limit_faults",
]
