"""What can be wrong with a query."""

from __future__ import annotations


class MalformedError(Exception):
    """Not a query.

    Attributes:
        start, end: where in the text, in characters.
    """

    def __init__(self, message: str, start: int, end: int) -> None:
        super().__init__(message)
        self.start = start
        self.end = end


class UnknownError(Exception):
    """Something that Logs Insights knows and the sandbox does not; the text names it."""
