"""Which aliases a function has, and which of them users reach.

An alias that stage variables name is staged: it has two slots, `version1-a` and `version1-b`. The stage's variables
name one of them, the next release goes to the other, and the plain name follows what is live.
"""

from __future__ import annotations

from dataclasses import dataclass

from backendctl.resources.deploy_context import DeployContext, Link
from backendctl.spec.model import SLOTS, FunctionSpec


@dataclass(frozen=True, kw_only=True, slots=True)
class AliasNames:
    """One function's aliases in one region.

    Attributes:
        staged: plain names that have slots, each with the links that name it.
        plain: names that are moved in place.
    """

    staged: dict[str, list[Link]]
    plain: tuple[str, ...]


def names_of(context: DeployContext, region: str, function: FunctionSpec) -> AliasNames:
    """From the spec and the definition."""
    staged = context.staged(region, function)
    spelt = [link.alias for link in context.links_to(region, function) if link.alias is not None]
    return AliasNames(
        staged=staged, plain=tuple(name for name in dict.fromkeys((*function.aliases, *spelt)) if name not in staged)
    )


def slots_of(alias: str) -> tuple[str, ...]:
    """The names of the two slots of a staged alias."""
    return tuple(f"{alias}-{slot}" for slot in SLOTS)


def reached(context: DeployContext, region: str, function: FunctionSpec) -> tuple[str | None, ...]:
    """The qualifiers that users hit: slots, plain names, and None, the function itself, when something names no alias.

    A function that nobody names an alias for is hit as it is.
    """
    names = names_of(context, region, function)
    found: list[str | None] = [slot for alias in names.staged for slot in slots_of(alias)]
    found += names.plain
    bare = any(link.alias is None for link in context.links_to(region, function))
    if bare or not found:
        found.append(None)
    return tuple(found)


def moving(context: DeployContext, region: str, function: FunctionSpec) -> tuple[str, ...]:
    """The plain aliases that a release moves, by which it is compared; none when somebody calls the function itself.

    A plain name follows the slot that is live; the idle slot may hold anything. What a pinned stage serves is not
    what a release of other stages takes the place of.
    """
    if None in reached(context, region, function):
        return ()
    names = names_of(context, region, function)
    aliases = (*names.staged, *names.plain)
    moved = tuple(alias for alias in aliases if not context.is_pinned(region, function.physical, alias))
    return moved or aliases


def qualified(name: str, qualifier: str | None) -> str:
    """The name in addresses: "places:version1-a", or "places" for the function itself."""
    return name if qualifier is None else f"{name}:{qualifier}"
