"""One text of a definition that names a region, an account or a partition, rewritten to placeholders (A17, A26).

The placeholders are API Gateway's own, so a neutral document is also one that it would take as it is. Only what is the
document's own is rewritten (`Home`): an ARN that names another account or region is meant (K7), and is kept whole.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

REGION = "${AWS::Region}"
ACCOUNT = "${AWS::AccountId}"
PARTITION = "${AWS::Partition}"

_PART = r"(?:\$\{[^}]*\}|[^:/$])*"  # one part of an ARN; the colons of ${AWS::Region} do not end it
_GATEWAY = re.compile(rf"arn:({_PART}):apigateway:({_PART}):")
_LAMBDA = re.compile(rf"arn:({_PART}):lambda:({_PART}):({_PART}):")
_QUEUE = re.compile(rf":sqs:path/({_PART})/")
_ROLE = re.compile(rf"^arn:({_PART}):iam::({_PART}):")
_EXECUTE = re.compile(rf"^arn:({_PART}):execute-api:({_PART}):({_PART}):({_PART})/(.*)$", re.DOTALL)
_POOL = re.compile(rf"^arn:({_PART}):cognito-idp:({_PART}):({_PART}):userpool/(.*\$\{{binding:.*)$", re.DOTALL)
_FILLED_POOL = re.compile(r"^(arn:[^:]*:cognito-idp:)[^:]*(:[^:]*:userpool/(([a-z]+-)+\d+)_.*)$", re.DOTALL)
_ANY = re.compile(rf"\barn:(aws[a-z-]*|\$\{{AWS::Partition\}}):([a-z0-9-]+):({_PART}):({_PART}):")
_REST = re.compile(r"(?:\$\{[^}]*\}|[A-Za-z0-9_./:*+=@-])*")
_LITERAL_REGION = re.compile(r"[a-z]{2}(?:-[a-z]+)+-\d+")
_LITERAL_ACCOUNT = re.compile(r"\d{12}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Home:
    """Where a document is at home: what names these is its own, and becomes each region's own.

    Attributes:
        accounts: account ids. regions: names of regions.
    """

    accounts: frozenset[str] = frozenset()
    regions: frozenset[str] = frozenset()

    def owns(self, region: str, account: str | None = None) -> bool:
        """Whether these parts of an ARN are its own or placeholders; account: None where the ARN has none."""
        return _own(region, self.regions, _LITERAL_REGION) and (
            account is None or _own(account, self.accounts, _LITERAL_ACCOUNT)
        )


NOWHERE = Home()
"""Nothing that is written out is the document's own: for documents that are neutral already."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Foreign:
    """An ARN of another account or region.

    Attributes:
        arn: as it stands. service: as the ARN names it. region, account: written out; "" for its own or none.
    """

    arn: str
    service: str
    region: str
    account: str


def foreign(text: str, home: Home) -> Iterator[Foreign]:
    """Every ARN in a text that names an account or a region which is not the document's own."""
    for found in _ANY.finditer(text):
        service, region, account = found[2], found[3], found[4]
        inner = service == "apigateway" and (_LAMBDA.search(text) or _QUEUE.search(text))
        other_region = region if _LITERAL_REGION.fullmatch(region) and region not in home.regions else ""
        other_account = account if _LITERAL_ACCOUNT.fullmatch(account) and account not in home.accounts else ""
        if inner or not (other_region or other_account):
            continue
        rest = _REST.match(text, found.end())
        arn = text[found.start() : rest.end() if rest else found.end()]
        yield Foreign(
            arn=re.sub(r"/(?:response-streaming-)?invocations$", "", arn),
            service=account if service == "apigateway" else service,
            region=other_region,
            account=other_account,
        )
    for queue in _QUEUE.finditer(text):
        if _LITERAL_ACCOUNT.fullmatch(queue[1]) and queue[1] not in home.accounts:
            yield Foreign(arn=text, service="sqs", region="", account=queue[1])


def neutral_uri(uri: str, home: Home) -> str:
    """An integration or authorizer URI: `arn:…:apigateway:…`, with the Lambda ARN or queue path it holds."""
    outer = _GATEWAY.match(uri)
    if outer is None:
        return uri  # an HTTP endpoint
    inner, queue = _LAMBDA.search(uri), _QUEUE.search(uri)
    if queue is not None and not home.owns(outer[2], queue[1]):
        return uri
    if inner is not None and inner[2] == outer[2] and not home.owns(inner[2], inner[3]) and not _varies(inner[2]):
        return uri  # a function of another account is called where it is
    if home.owns(outer[2]) or _varies(outer[2]):
        uri = _GATEWAY.sub(lambda _: f"arn:{PARTITION}:apigateway:{REGION}:", uri, count=1)
    if inner is not None and home.owns(inner[2], inner[3]):
        uri = _LAMBDA.sub(lambda _: f"arn:{PARTITION}:lambda:{REGION}:{ACCOUNT}:", uri)
    if queue is not None:
        uri = _QUEUE.sub(lambda _: f":sqs:path/{ACCOUNT}/", uri)
    return neutral_text(uri, home)


def neutral_role(arn: str, home: Home) -> str:
    """A role to be assumed. `arn:aws:iam::*:user/*` (the caller's own) keeps its star, a stage variable its name."""
    found = _ROLE.match(arn)
    if found is None:
        return arn
    if found[2] in {"*", "aws"}:
        return f"arn:{PARTITION}:iam::{found[2]}:{arn[found.end() :]}"
    if "stageVariables" in found[2]:
        return f"arn:{PARTITION}:iam::{found[2]}:{arn[found.end() :]}"
    if not _own(found[2], home.accounts, _LITERAL_ACCOUNT):
        return arn
    return f"arn:{PARTITION}:iam::{ACCOUNT}:{arn[found.end() :]}"


def neutral_execute(arn: str, home: Home) -> str:
    """A resource of the API's policy. One that names the API by id becomes `execute-api:/…`: ids differ by region."""
    found = _EXECUTE.match(arn)
    if found is None:
        return arn
    _, region, account, api, rest = found.groups()
    if not home.owns("" if region == "*" else region, "" if account == "*" else account):
        return arn
    if api != "*":
        return f"execute-api:/{rest}"
    region = region if region == "*" else REGION
    account = account if account == "*" else ACCOUNT
    return f"arn:{PARTITION}:execute-api:{region}:{account}:*/{rest}"


def neutral_pool(arn: str, home: Home) -> str:
    """A Cognito pool whose id is bound by name. Any other stays: its id names a region, only its own will do (A27)."""
    found = _POOL.match(arn)
    if found is None or not _own(found[3], home.accounts, _LITERAL_ACCOUNT):
        return arn
    return f"arn:{PARTITION}:cognito-idp:{REGION}:{ACCOUNT}:userpool/{found[4]}"


def at_home(arn: str) -> str:
    """A pool's ARN with the region that its id names, for a binding may name a pool of another region."""
    return _FILLED_POOL.sub(lambda found: f"{found[1]}{found[3]}{found[2]}", arn)


def neutral_text(text: str, home: Home) -> str:
    """A mapping template or parameter that names resources by full ARN (state machines, topics, tables)."""

    def rewrite(found: re.Match[str]) -> str:
        _, service, region, account = found.groups()
        if service in {"cognito-idp", "apigateway"} or not (region and account) or not home.owns(region, account):
            return found[0]
        return f"arn:{PARTITION}:{service}:{REGION}:{ACCOUNT}:"

    return _ANY.sub(rewrite, text)


def _own(part: str, known: frozenset[str], literal: re.Pattern[str]) -> bool:
    """Only what is written out can name another; what a stage fills in is nobody's before."""
    return part in known or not (literal.fullmatch(part) or _by_stage(part))


def _by_stage(part: str) -> bool:
    return "${stageVariables" in part or "${binding" in part


def _varies(part: str) -> bool:
    return "${" in part
