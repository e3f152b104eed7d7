"""Whether an OS-only runtime (provided.*) finds a program it can run."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from backendctl.package.binary import HEADER, binary

if TYPE_CHECKING:
    from backendctl.package.contents import Contents

_NAME = "bootstrap"
_FIRST_LINE = 256


def faults(contents: Contents, architecture: str) -> list[str]:
    """What is wrong with the file `bootstrap`; the handler's name means nothing to Lambda here."""
    if _NAME not in contents:
        deeper = [name for name in contents.members if posixpath.basename(name) == _NAME]
        where = f"; there is {deeper[0]}, which is not at the root" if deeper else ""
        return [f"the package holds no file '{_NAME}' at its root, which is what this runtime starts{where}"]
    found = []
    if contents.executable(_NAME) is False:
        found.append(f"'{_NAME}' is not executable: chmod +x {_NAME}")
    header = contents.read(_NAME, max(HEADER, _FIRST_LINE))
    made_for = binary(header)
    if made_for is not None:
        if not made_for.fits(architecture):
            found.append(f"'{_NAME}' is a program for {made_for}, and the function runs on {architecture} on Linux")
    elif not header.startswith(b"#!"):
        found.append(f"'{_NAME}' is neither a Linux program nor a script that begins with '#!'")
    elif header.partition(b"\n")[0].endswith(b"\r"):
        found.append(f"the first line of '{_NAME}' ends as on Windows, so its interpreter is not found: use \\n alone")
    return found
