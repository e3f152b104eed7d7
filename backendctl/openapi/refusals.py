"""Everything in a definition that API Gateway would refuse, or drop without a word: each with its place."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from backendctl.openapi.limits import TIMEOUT, limits
from backendctl.openapi.neutral import json_value
from backendctl.openapi.refusal import Refusal
from backendctl.openapi.refusals_extensions import extension_refusals
from backendctl.openapi.refusals_format import format_refusals
from backendctl.openapi.refusals_methods import method_refusals
from backendctl.openapi.refusals_shapes import shape_refusals
from backendctl.openapi.unrendered import unrendered

__all__ = ["Refusal", "refusals"]


def refusals(document: Mapping[str, Any], *, longest: int = TIMEOUT[1]) -> list[Refusal]:
    """Every fault at once; empty for a definition that can be sent. Look at it after it has been repaired.

    What only documents (descriptions, examples, A15) is not refused: `lost.losses` lists it.

    Args:
        longest: the account's quota for a timeout, in milliseconds.
    """
    document = json_value(document)
    if shapes := sorted(set(shape_refusals(document)), key=lambda each: (each.pointer, each.message)):
        return shapes
    found = [
        *limits(document, longest=longest),
        *format_refusals(document),
        *method_refusals(document),
        *extension_refusals(document),
        *unrendered(document),
    ]
    return sorted(set(found), key=lambda each: (each.pointer, each.message))
