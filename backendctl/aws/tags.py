"""The mark of ownership, and the three shapes AWS has for tags (F17)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from backendctl.errors import BackendctlError

BACKEND = "backendctl:backend"


def marked(backend: str, tags: Mapping[str, str]) -> dict[str, str]:
    """The user's tags and our mark."""
    return {**tags, BACKEND: backend}


def owner_of(tags: Mapping[str, str] | None) -> str | None:
    """The backend whose mark these tags carry."""
    return (tags or {}).get(BACKEND)


def require_mark(tags: Mapping[str, str], backend: str, what: str) -> None:
    """Refuse to delete what has lost our mark since it was found.

    Args:
        what: as told to the user, with its region.

    Raises:
        BackendctlError: these tags do not carry it.
    """
    if owner_of(tags) != backend:
        raise BackendctlError(
            f"{what} no longer has the tag {BACKEND}={backend} and is not deleted",
            hint="to have it deleted, put the tag back and run the same command again",
        )


def own_tags(tags: Mapping[str, str] | None) -> dict[str, str]:
    """Without what AWS itself sets; `aws:` cannot be written (F20)."""
    return {key: value for key, value in (tags or {}).items() if not key.startswith("aws:")}


def from_list(tags: Iterable[Mapping[str, str]] | None) -> dict[str, str]:
    """From [{"Key": …, "Value": …}] to a mapping."""
    return own_tags({tag["Key"]: tag.get("Value", "") for tag in tags or ()})


def to_list(tags: Mapping[str, str]) -> list[dict[str, str]]:
    """From a mapping to [{"Key": …, "Value": …}], sorted."""
    return [{"Key": key, "Value": tags[key]} for key in sorted(tags)]


def missing(desired: Mapping[str, str] | None, live: Mapping[str, str] | None) -> dict[str, str]:
    """What has to be written; tags we do not name are left alone."""
    return {key: value for key, value in (desired or {}).items() if (live or {}).get(key) != value}
