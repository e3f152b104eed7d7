"""A request to Lambda about one function, taken apart: its name as calls write it, and the version or alias meant."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote

from backendctl.sandbox.corrections.answers import Refusal
from backendctl.sandbox.http import FORBIDDEN, NOT_FOUND, OK

if TYPE_CHECKING:
    from collections.abc import Mapping

    from backendctl.sandbox.http import Request
    from backendctl.sandbox.inner import Inner

LONGEST_NAME = 64
_REFERENCE = re.compile(
    r"(?:arn:aws[a-z-]*:lambda:)?(?:([a-z]{2}(?:-[a-z]+)+-\d):)?(?:(\d{12}):)?(?:function:)?([^:]+)(?::([^:]+))?"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Reference:
    """A function as a call names it; None for what the call does not say."""

    name: str
    region: str | None
    account: str | None
    qualifier: str | None


def reference_of(text: str) -> Reference:
    """Take a name apart; what is none stays whole, and the service behind will not know it."""
    found = _REFERENCE.fullmatch(text)
    if found is None:
        return Reference(name=text, region=None, account=None, qualifier=None)
    return Reference(region=found[1], account=found[2], name=found[3], qualifier=found[4])


def elsewhere(reference: Reference, request: Request) -> Refusal | None:
    """A function elsewhere (B57), one of another account, or two qualifiers in one call."""
    if reference.region not in {None, request.region}:
        return Refusal(
            code="ResourceNotFoundException",
            message=f"Functions from '{reference.region}' are not reachable in this region ('{request.region}')",
            status=NOT_FOUND,
        )
    if reference.account not in {None, request.account}:
        return Refusal(code="AccessDeniedException", message="", status=FORBIDDEN)
    beside = request.first("Qualifier")
    if beside and reference.qualifier and beside != reference.qualifier:
        return Refusal(
            code="InvalidParameterValueException",
            message="The derived qualifier from the function name does not match the specified qualifier.",
        )
    return None


def not_found(arn: str, qualifier: str | None = None) -> Refusal:
    """There is no such function, or not that version or alias of it."""
    whole = arn if qualifier is None else f"{arn}:{qualifier}"
    return Refusal(code="ResourceNotFoundException", message=f"Function not found: {whole}", status=NOT_FOUND)


def no_alias(arn: str, alias: str | None) -> Refusal:
    """There is the function, and no alias of that name."""
    return Refusal(code="ResourceNotFoundException", message=f"Cannot find alias arn: {arn}:{alias}", status=NOT_FOUND)


def too_long(name: str) -> Refusal | None:
    """A bare name has at most 64 characters (B54); the model's limit is that of an ARN."""
    if len(name) <= LONGEST_NAME:
        return None
    return Refusal(
        code="InvalidParameterValueException",
        message=f"1 validation error detected: Value '{name}' at 'functionName' failed to satisfy constraint: Member "
        f"must have length less than or equal to {LONGEST_NAME}",
    )


FUNCTIONS = re.compile(r"/(\d{4}-\d{2}-\d{2})/functions(?:/([^/]+)(/.*)?)?/?")


@dataclass(frozen=True, kw_only=True, slots=True)
class Call:
    """A request about one function.

    Attributes:
        request: as the service behind understands it best: with the bare name in its path, the qualifier beside it.
        qualifier: from the query or from the end of the name; None when unqualified.
        rest: the path after the function's name, "" for the function itself.
    """

    request: Request
    name: str
    qualifier: str | None
    rest: str

    @property
    def region(self) -> str:
        """Where the function is."""
        return self.request.region

    @property
    def place(self) -> tuple[str, str]:
        """Region and name."""
        return self.request.region, self.name

    @property
    def arn(self) -> str:
        """The function's ARN, unqualified."""
        return f"arn:aws:lambda:{self.region}:{self.request.account}:function:{self.name}"


def call_of(request: Request, found: re.Match[str]) -> Call | Refusal:
    """What a request is about, or why it can be about nothing.

    Args:
        found: the match of `FUNCTIONS` with the request's path.
    """
    reference = reference_of(unquote(found[2]))
    refused = elsewhere(reference, request)
    if refused is not None:
        return refused
    qualifier, rest = request.first("Qualifier") or reference.qualifier, found[3] or ""
    path = f"/{found[1]}/functions/{quote(reference.name)}{rest}"
    query = request.query if qualifier is None else {**request.query, "Qualifier": [qualifier]}
    plain = replace(request, path=unquote(path), raw_path=path, query=query)
    return Call(request=plain, name=reference.name, qualifier=qualifier, rest=rest)


async def fetched(
    inner: Inner, region: str, path: str, query: Mapping[str, str] | None = None
) -> dict[str, Any] | None:
    """A document of Lambda's API by its path; None when it is not there."""
    asked = {name: [value] for name, value in (query or {}).items()}
    answer = await inner.ask(service="lambda", region=region, method="GET", path=path, query=asked)
    document: dict[str, Any] | None = json.loads(answer.body) if answer.status == OK and answer.body else None
    return document
