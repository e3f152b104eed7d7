"""One text of a definition that names a region, an account or a partition, rewritten to placeholders (A17, A26).

The placeholders are API Gateway's own, so a neutral document is also one that it would take as it is.
"""

from __future__ import annotations

import re

REGION = "${AWS::Region}"
ACCOUNT = "${AWS::AccountId}"
PARTITION = "${AWS::Partition}"

_PART = r"(?:\$\{[^}]*\}|[^:/$])*"  # one part of an ARN; the colons of ${AWS::Region} do not end it
_GATEWAY = re.compile(rf"arn:{_PART}:apigateway:{_PART}:")
_LAMBDA = re.compile(rf"arn:{_PART}:lambda:{_PART}:{_PART}:")
_QUEUE = re.compile(rf":sqs:path/{_PART}/")
_ROLE = re.compile(rf"^arn:{_PART}:iam::({_PART}):")
_EXECUTE = re.compile(rf"^arn:{_PART}:execute-api:({_PART}):({_PART}):({_PART})/(.*)$", re.DOTALL)
_POOL = re.compile(rf"^arn:{_PART}:cognito-idp:{_PART}:{_PART}:userpool/(.*\$\{{binding:.*)$", re.DOTALL)
_FILLED_POOL = re.compile(r"^(arn:[^:]*:cognito-idp:)[^:]*(:[^:]*:userpool/(([a-z]+-)+\d+)_.*)$", re.DOTALL)
_ANY = re.compile(r"\barn:aws[a-z-]*:([a-z0-9-]+):[a-z]{2}(?:-[a-z]+)+-\d+:\d{12}:")


def neutral_uri(uri: str) -> str:
    """An integration or authorizer URI: `arn:…:apigateway:…`, with the Lambda ARN or queue path it holds."""
    if not _GATEWAY.match(uri):
        return uri  # an HTTP endpoint
    uri = _GATEWAY.sub(lambda _: f"arn:{PARTITION}:apigateway:{REGION}:", uri)
    uri = _LAMBDA.sub(lambda _: f"arn:{PARTITION}:lambda:{REGION}:{ACCOUNT}:", uri)
    return neutral_text(_QUEUE.sub(lambda _: f":sqs:path/{ACCOUNT}/", uri))


def neutral_role(arn: str) -> str:
    """A role to be assumed. `arn:aws:iam::*:user/*` (the caller's own) keeps its star, a stage variable its name."""

    def rewrite(found: re.Match[str]) -> str:
        kept = found[1] in {"*", "aws"} or "stageVariables" in found[1]
        return f"arn:{PARTITION}:iam::{found[1] if kept else ACCOUNT}:"

    return _ROLE.sub(rewrite, arn)


def neutral_execute(arn: str) -> str:
    """A resource of the API's policy. One that names the API by id becomes `execute-api:/…`: ids differ by region."""
    found = _EXECUTE.match(arn)
    if found is None:
        return arn
    region, account, api, rest = found.groups()
    if api != "*":
        return f"execute-api:/{rest}"
    region = region if region == "*" else REGION
    account = account if account == "*" else ACCOUNT
    return f"arn:{PARTITION}:execute-api:{region}:{account}:*/{rest}"


def neutral_pool(arn: str) -> str:
    """A Cognito pool whose id is bound by name. Any other stays: its id names a region, only its own will do (A27)."""
    return _POOL.sub(lambda found: f"arn:{PARTITION}:cognito-idp:{REGION}:{ACCOUNT}:userpool/{found[1]}", arn)


def at_home(arn: str) -> str:
    """A pool's ARN with the region that its id names, for a binding may name a pool of another region."""
    return _FILLED_POOL.sub(lambda found: f"{found[1]}{found[3]}{found[2]}", arn)


def neutral_text(text: str) -> str:
    """A mapping template or parameter that names resources by full ARN (state machines, topics, tables)."""

    def rewrite(found: re.Match[str]) -> str:
        if found[1] == "cognito-idp":
            return found[0]
        return f"arn:{PARTITION}:{found[1]}:{REGION}:{ACCOUNT}:"

    return _ANY.sub(rewrite, text)
