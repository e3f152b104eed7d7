"""A definition and a live API, brought to the one form in which they can be compared."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from backendctl.openapi.localise import localise, neutralise
from backendctl.openapi.lost import surviving


def comparable(
    document: Mapping[str, Any],
    *,
    region: str,
    account: str,
    partition: str,
    name: str,
    bindings: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """What API Gateway keeps of the document in that region, in canonical form.

    The same for the source and for the export of what it made there, when both are of one format. The source is
    localised first, for `${AWS::Region}` may stand in places where nothing can turn it back (A17): an address, a text.

    Args:
        document: the source, or the region's own export.
        region, account, partition, bindings: of the region that is compared.
        name: the API's name, which both get.
    """
    local = localise(document, region=region, account=account, partition=partition, name=name, bindings=bindings)
    return surviving(neutralise(local, bindings=bindings))
