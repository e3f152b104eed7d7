"""What is wrong with a request for data."""

from __future__ import annotations


class DataError(Exception):
    """A query that CloudWatch refuses, or that the sandbox does not know; the text says which."""


class TokenError(Exception):
    """A NextToken that is none of this request."""
