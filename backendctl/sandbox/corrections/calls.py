"""A request to Lambda about one function, taken apart."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

from backendctl.sandbox.corrections import function_names as names
from backendctl.sandbox.corrections.answers import Refusal

if TYPE_CHECKING:
    from backendctl.sandbox.http import Request

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
    reference = names.read(unquote(found[2]))
    refused = names.refusal(reference, request)
    if refused is not None:
        return refused
    qualifier, rest = request.first("Qualifier") or reference.qualifier, found[3] or ""
    path = f"/{found[1]}/functions/{quote(reference.name)}{rest}"
    query = request.query if qualifier is None else {**request.query, "Qualifier": [qualifier]}
    plain = replace(request, path=unquote(path), raw_path=path, query=query)
    return Call(request=plain, name=reference.name, qualifier=qualifier, rest=rest)
