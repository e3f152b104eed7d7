"""The code of a spec's functions, built; nothing here knows AWS, so that checking a spec loads no client."""

from __future__ import annotations

import os
from pathlib import Path

from backendctl.package import Artefact, Packager, Source
from backendctl.spec.model import FunctionSpec, Spec


def source_of(function: FunctionSpec, spec: Spec) -> Source:
    """A function's code as the packager wants it."""
    code = function.code
    return Source(
        path=code.path,
        include=code.include,
        within=project_root(spec.file.parent, code.path) if code.follow_links and code.path else None,
        build=code.build,
        build_timeout=code.build_timeout,
        cwd=spec.file.parent if code.build else None,
        s3=code.s3,
        image=code.image,
    )


def project_root(folder: Path, code: Path) -> Path:
    """The folder that links may lead into: the git repository of the spec, or else what holds both spec and code."""
    folder = folder.resolve()
    for one in (folder, *folder.parents):
        if (one / ".git").exists():
            return one
    common = Path(os.path.commonpath([folder, code.resolve()]))
    return folder if common == common.parent else common


def build_code(spec: Spec, packager: Packager) -> dict[tuple[str, str], Artefact]:
    """The archive of every function that has one, per (region, function name).

    Raises:
        PackageError: a build command failed, or the code cannot be packaged.
    """
    built: dict[tuple[str, str], Artefact] = {}
    for region in spec.regions:
        for function in spec.functions_in(region):
            if function.code.path is not None:
                built[region, function.name] = packager.build(source_of(function, spec))
    return built
