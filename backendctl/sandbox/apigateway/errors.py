"""What API Gateway answers when it refuses, and how that looks on the wire."""

from __future__ import annotations

from typing import NoReturn

from backendctl.sandbox.http import Response


class ApiError(Exception):
    """A refusal of the control plane: an AWS error code, its HTTP status and the text AWS gives."""

    def __init__(self, *, code: str, message: str, status: int) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status

    def response(self) -> Response:
        """The restJson error: the code in a header, the text in the body."""
        return Response.of_json({"message": self.message}, self.status, {"x-amzn-ErrorType": self.code})


def bad_request(message: str) -> ApiError:
    return ApiError(code="BadRequestException", message=message, status=400)


def not_found(message: str) -> ApiError:
    return ApiError(code="NotFoundException", message=message, status=404)


def conflict(message: str) -> ApiError:
    return ApiError(code="ConflictException", message=message, status=409)


def limit_exceeded(message: str) -> ApiError:
    """429 like throttling, and yet final (A37)."""
    return ApiError(code="LimitExceededException", message=message, status=429)


def refuse_invalid(complaints: list[str]) -> None:
    """Raise the one ValidationException that names every broken constraint, if there is any."""
    if complaints:
        count = len(complaints)
        noun = "validation error" if count == 1 else "validation errors"
        text = f"{count} {noun} detected: " + "; ".join(complaints)
        raise ApiError(code="ValidationException", message=text, status=400)


def enum_complaint(*, value: object, at: str, allowed: str) -> str:
    return f"Value '{value}' at '{at}' failed to satisfy constraint: Member must satisfy enum value set: [{allowed}]"


def refuse_missing(*, at: str) -> NoReturn:
    """Raise the ValidationException for a required member that was not sent."""
    refuse_invalid([f"Value null at '{at}' failed to satisfy constraint: Member must not be null"])
    raise AssertionError(at)
