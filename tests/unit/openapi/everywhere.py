"""The functions over definitions for tests in which every account and region is the document's own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from backendctl.openapi import canonical as _canonical
from backendctl.openapi import compare as _compare
from backendctl.openapi import localise as _localise
from backendctl.openapi import lost as _lost
from backendctl.openapi import neutral as _neutral
from backendctl.openapi import written as _written
from backendctl.openapi.arns import Home

Document = Mapping[str, Any]


class _Every(frozenset[str]):
    def __contains__(self, _: object) -> bool:
        return True


ANYWHERE = Home(accounts=_Every(), regions=_Every())


def neutral(document: Document) -> dict[str, Any]:
    return _neutral.neutral(document, ANYWHERE)


def canonical(document: Document) -> dict[str, Any]:
    return _canonical.canonical(document, ANYWHERE)


def digest(document: Document) -> str:
    return _canonical.digest(document, ANYWHERE)


def surviving(document: Document) -> dict[str, Any]:
    return _lost.surviving(canonical(document))


def neutralise(document: Document, *, bindings: Mapping[str, str] | None = None) -> dict[str, Any]:
    return _localise.neutralise(document, home=ANYWHERE, bindings=bindings)


def localise(document: Document, **where: Any) -> dict[str, Any]:
    return _localise.localise(document, home=ANYWHERE, **where)


def comparable(local: Document, *, bindings: Mapping[str, str] | None = None) -> dict[str, Any]:
    return _compare.comparable(local, home=ANYWHERE, bindings=bindings)


def written(document: Document, *, bindings: Mapping[str, str] | None = None) -> dict[str, Any]:
    return _written.written(document, home=ANYWHERE, bindings=bindings)
