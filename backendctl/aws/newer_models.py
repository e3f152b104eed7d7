"""What DynamoDB takes and older SDKs do not know yet, in botocore's own form for additions to a service."""

from __future__ import annotations

from pathlib import Path

from botocore.loaders import Loader

FOLDER = str(Path(__file__).parent / "models")


def teach(loader: Loader) -> None:
    """Let the clients made with this loader send what is in `FOLDER`; an SDK that knows it loses nothing."""
    if FOLDER not in loader.search_paths:
        loader.search_paths.append(FOLDER)
