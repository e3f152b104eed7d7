"""How a DynamoDB client is set up for a function that answers requests, language by language."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True, slots=True)
class Snippet:
    """One language.

    Attributes:
        default: what the SDK does by itself. code: to copy. endings: of source files. told: found in code that sets it.
    """

    default: str
    code: str
    endings: tuple[str, ...]
    told: re.Pattern[str]


SNIPPETS: Mapping[str, Snippet] = {
    "python": Snippet(
        default="60 s for a connection and 60 s for an answer",
        code=(
            "config = Config(connect_timeout=1, read_timeout=1, tcp_keepalive=True,\n"
            '                retries={"mode": "standard", "total_max_attempts": 3})\n'
            'TABLE = boto3.resource("dynamodb", config=config).Table(os.environ["TABLE"])  # once, not per request'
        ),
        endings=(".py",),
        told=re.compile(r"connect_timeout|read_timeout"),
    ),
    "nodejs": Snippet(
        default="without an end for an answer",
        code=(
            "const client = new DynamoDBClient({ maxAttempts: 3,  // once, not per request\n"
            "  requestHandler: { connectionTimeout: 1000, requestTimeout: 1000 } });"
        ),
        endings=(".js", ".mjs", ".cjs", ".ts"),
        told=re.compile(r"requestTimeout|connectionTimeout|socketTimeout"),
    ),
    "java": Snippet(
        default="30 s for an answer, and makes its client anew where the handler does",
        code=(
            "static final DynamoDbClient CLIENT = DynamoDbClient.builder()  // once, not per request\n"
            "    .httpClientBuilder(UrlConnectionHttpClient.builder())\n"
            "    .overrideConfiguration(c -> c.apiCallAttemptTimeout(Duration.ofSeconds(1))\n"
            "        .apiCallTimeout(Duration.ofSeconds(3))).build();"
        ),
        endings=(".java", ".kt"),
        told=re.compile(r"apiCallAttemptTimeout|apiCallTimeout|socketTimeout"),
    ),
}


def language_of(runtime: str | None) -> str | None:
    """The language of a runtime, where there is a snippet for it."""
    return next((language for language in SNIPPETS if (runtime or "").startswith(language)), None)


def sets_timeouts(folder: Path, language: str) -> bool:
    """Whether any source file below a folder names a timeout of the SDK, or none names DynamoDB at all."""
    snippet = SNIPPETS[language]
    texts = [
        file.read_text(encoding="utf-8", errors="replace")
        for file in sorted(folder.rglob("*"))
        if file.suffix in snippet.endings and file.is_file()
    ]
    asks = [text for text in texts if "dynamodb" in text.lower()]
    return not asks or any(snippet.told.search(text) for text in texts)
