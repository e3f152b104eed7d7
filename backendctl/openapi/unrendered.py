"""Expressions of templating tools that nobody has filled in: API Gateway would take them as they stand."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from backendctl.openapi.extensions import shown
from backendctl.openapi.layout import schemas_way
from backendctl.openapi.leftovers import is_text
from backendctl.openapi.neutral import POLICY
from backendctl.openapi.pointer import Way, nodes, pointer
from backendctl.openapi.refusal import Refusal

_EXPRESSION = re.compile(r"\$\{([^}]*)\}?")
_KNOWN = re.compile(r"stageVariables\.\w+|AWS::(?:Region|AccountId|Partition)|binding:[^}]+")
_OF_POLICIES = re.compile(r"[A-Za-z][\w-]*:.+|[*?$]")  # ${aws:username}, and the escapes
_TEMPLATES = frozenset({"requestTemplates", "responseTemplates"})
_SKIPPED = frozenset({"host", "basePath", "schemes", "info", "tags"})
_SCHEMAS = frozenset({"schema", "headers"})


def unrendered(document: Mapping[str, Any]) -> Iterator[Refusal]:
    """Every `${…}` that neither a stage, nor API Gateway, nor a binding fills in.

    Mapping templates have variables of their own, models and texts for people may hold anything.
    """
    models = schemas_way(document)
    for way, value in nodes(document):
        if not isinstance(value, str) or "${" not in value or _anything(way, models):
            continue
        for found in _EXPRESSION.finditer(value):
            if _KNOWN.fullmatch(found[1]) or (way[:1] == (POLICY,) and _of_policy(found[1])):
                continue
            yield Refusal(
                pointer=pointer(way),
                message=f"{found[0]} has not been filled in: API Gateway knows ${{stageVariables.NAME}}, "
                "${AWS::Region}, ${AWS::AccountId} and ${AWS::Partition}, and the spec ${binding:NAME}",
            )


def _of_policy(expression: str) -> bool:
    return bool(_OF_POLICIES.fullmatch(expression)) and not expression.startswith("AWS::")


def _anything(way: Way, models: Way) -> bool:
    if way[:1] and way[0] in _SKIPPED:
        return True
    if way[:1] == ("servers",) and "x-amazon-apigateway-endpoint-configuration" not in way:
        return True
    return shown(way) or is_text(way) or way[: len(models)] == models or bool({*way} & (_TEMPLATES | _SCHEMAS))
