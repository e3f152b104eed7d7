"""Lambda archives that are the same on every machine, so that the same code is not deployed twice.

A `Source` says where a function's code comes from, `code_faults` what is wrong with it, `Packager.build` makes the
`Artefact` that is sent. Nothing here talks to AWS.
"""

from __future__ import annotations

from backendctl.package.archive import received
from backendctl.package.errors import PackageError
from backendctl.package.handler import Findings, Wanted, findings
from backendctl.package.limits import DIRECT_LIMIT, UNZIPPED_LIMIT
from backendctl.package.packager import Packager, build, code_faults, handler_check, left_out_clause, limit_faults
from backendctl.package.source import BUILD_TIMEOUT, Artefact, Source

__all__ = [
    "BUILD_TIMEOUT",
    "DIRECT_LIMIT",
    "UNZIPPED_LIMIT",
    "Artefact",
    "Findings",
    "PackageError",
    "Packager",
    "Source",
    "Wanted",
    "build",
    "code_faults",
    "findings",
    "handler_check",
    "left_out_clause",
    "limit_faults",
    "received",
]
