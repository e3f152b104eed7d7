"""Things of one kind that an API has by their ids: shown, listed, patched and deleted alike."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from backendctl.sandbox.apigateway import patch
from backendctl.sandbox.apigateway.call import Call, Handler, accepted, answer, page
from backendctl.sandbox.apigateway.errors import not_found
from backendctl.sandbox.apigateway.model import Doc
from backendctl.sandbox.http import Response


def _every(_call: Call, _document: Doc) -> bool:
    return True


def _nothing(_call: Call, _document: Doc) -> None:
    """Nothing uses it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Collection:
    """The handlers of one kind.

    Attributes:
        store: the documents by the value of their member `key`, to be written to.
        param: the variable part of the path.
        missing: what is said of an unknown one; "{}" stands for what was asked for.
        shape: the name of the PATCH input in AWS's validation texts.
        rules: what of one may be patched.
        listed: whether one is in the list that a call asks for.
        refuse_used: raises ApiError when one may not be deleted.
    """

    store: Callable[[Call], dict[str, Doc]]
    param: str
    missing: str
    shape: str
    rules: patch.Rules
    key: str = "id"
    listed: Callable[[Call, Doc], bool] = _every
    refuse_used: Callable[[Call, Doc], None] = _nothing

    def rows(self, path: str, create: Handler) -> dict[str, dict[str, Handler]]:
        """The rows of the routing table, below a path."""
        return {
            path: {"GET": self.read_all, "POST": create},
            f"{path}/{{{self.param}}}": {"GET": self.read, "PATCH": self.update, "DELETE": self.delete},
        }

    def find(self, call: Call) -> Doc:
        """The one that the path names.

        Raises:
            ApiError: NotFound.
        """
        wanted = call.params[self.param]
        found = self.store(call).get(wanted)
        if found is None:
            raise not_found(self.missing.format(wanted))
        return found

    def read(self, call: Call) -> Response:
        return answer(self.find(call))

    def read_all(self, call: Call) -> Response:
        return page(call, [each for each in self.store(call).values() if self.listed(call, each)])

    def update(self, call: Call) -> Response:
        operations = patch.operations(call, shape=self.shape)
        changed = patch.patched(self.find(call), operations, self.rules)
        self.store(call)[changed[self.key]] = changed
        return answer(changed)

    def delete(self, call: Call) -> Response:
        found = self.find(call)
        self.refuse_used(call, found)
        del self.store(call)[found[self.key]]
        return accepted()
