"""The outermost layer of whatever is written: secrets out, control characters shown, any encoding, a closed pipe.

stdout is the result: when it cannot be written the command ends (exit 1). stderr tells what happens meanwhile, and
work goes on when nobody reads that.
"""

from __future__ import annotations

import contextlib
import errno
import io
import os
import sys
from collections.abc import Iterator
from typing import Any, BinaryIO, TextIO, cast

from backendctl.secrets import KNOWN
from backendctl.visible import visible


class OutputError(OSError):
    """The result cannot be written."""


class Guard(io.TextIOBase):
    """A text stream that shows no secret, and control characters as escapes.

    Args:
        stream: what is written to.
        required: whether a failing write is an error; otherwise the text is dropped.
        styled: whether control characters pass: for writers that escape foreign text themselves and add colours.
    """

    def __init__(self, stream: TextIO, *, required: bool, styled: bool = False) -> None:
        super().__init__()
        self._stream = stream
        self._required = required
        self._styled = styled
        _lenient(stream)

    @property
    def encoding(self) -> str:  # type: ignore[override]  # typeshed has a writable attribute
        """The encoding of the stream."""
        return self._stream.encoding or "utf-8"

    @property
    def errors(self) -> str:  # type: ignore[override]  # the same
        """What becomes of characters that the encoding lacks."""
        return "replace"

    @property
    def styled(self) -> Guard:
        """The same stream for a writer that brings its own control characters."""
        return Guard(self._stream, required=self._required, styled=True)

    def isatty(self) -> bool:
        """Whether a person looks at it."""
        try:
            return self._stream.isatty()
        except ValueError:  # closed
            return False

    def fileno(self) -> int:
        """The descriptor of the stream."""
        return self._stream.fileno()

    def writable(self) -> bool:
        """Yes."""
        return True

    @property
    def buffer(self) -> BinaryIO:
        """For what click writes as bytes: the completions of a shell."""
        return cast("BinaryIO", _Bytes(self))

    def write(self, text: str) -> int:
        """Write; raises TypeError for bytes, OutputError when a required stream takes no more."""
        if not isinstance(text, str):
            raise TypeError("write() takes text")
        told = KNOWN.redact_stream(text)
        with self._failing():
            self._stream.write(told if self._styled else visible(told))
        return len(text)

    def close(self) -> None:
        """Leave the stream open: it is not ours."""

    def flush(self) -> None:
        """Write what is buffered; raises as `write`."""
        with self._failing():
            self._stream.flush()

    @contextlib.contextmanager
    def _failing(self) -> Iterator[None]:
        try:
            yield
        except (OSError, ValueError) as error:  # ValueError: it is closed
            if self._required:
                number = error.errno if isinstance(error, OSError) else errno.EBADF
                raise OutputError(number, os.strerror(number or errno.EIO)) from error


class _Bytes:
    """The same stream for bytes, which are UTF-8."""

    def __init__(self, text: Guard) -> None:
        self._text = text

    def write(self, data: bytes) -> int:
        """As `Guard.write`."""
        self._text.write(data.decode("utf-8", errors="replace"))
        return len(data)

    def flush(self) -> None:
        """As `Guard.flush`."""
        self._text.flush()


def _lenient(stream: Any) -> None:
    """What the encoding lacks becomes a replacement sign."""
    if isinstance(stream, io.TextIOWrapper):
        with contextlib.suppress(OSError, ValueError):
            stream.reconfigure(errors="replace")


def styled(stream: TextIO) -> TextIO:
    """The way past the escaping for a writer that does it itself; another stream than ours stays as it is."""
    return cast("TextIO", stream.styled) if isinstance(stream, Guard) else stream


@contextlib.contextmanager
def guarded() -> Iterator[None]:
    """Within this block stdout and stderr are guarded; what cannot be written at its end is dropped."""
    _open_missing()
    if sys.stdin is None:
        sys.stdin = _nowhere("r")
    before = sys.stdout, sys.stderr
    sys.stdout = cast("TextIO", Guard(before[0] or _nowhere(), required=True))
    sys.stderr = cast("TextIO", Guard(before[1] or _nowhere(), required=False))
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before
        for stream in before:
            _drain(stream)


def _open_missing() -> None:
    """A descriptor that is closed would be given to the next file or socket, and get what we print."""
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            with contextlib.suppress(OSError):
                os.open(os.devnull, os.O_RDWR)  # the lowest free one, which is this


def _nowhere(mode: str = "w") -> TextIO:
    return cast("TextIO", open(os.devnull, mode, encoding="utf-8"))  # noqa: PTH123  # lives as long as the process


def _drain(stream: TextIO | None) -> None:
    """So that the interpreter has nothing left to complain about when it ends."""
    try:
        if stream is not None:
            stream.flush()
    except (OSError, ValueError):
        with contextlib.suppress(OSError, ValueError):
            null = os.open(os.devnull, os.O_WRONLY)
            os.dup2(null, cast("TextIO", stream).fileno())
            os.close(null)
