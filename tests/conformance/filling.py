"""From the placeholders of a recorded request to the values of this run."""

from __future__ import annotations

import io
import re
import uuid
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.conformance.definitions import exported, rebuilt
from tests.conformance.recorded import CORPUS

WRONG_REGION = "eu-north-1"
ECHO = "import json\ndef handler(event, context):\n    print(json.dumps(event))\n    return event\n"
INVOCATION_TYPE = "import os\ndef handler(event, context):\n    return os.environ['AWS_LAMBDA_INITIALIZATION_TYPE']\n"
INVOCATION_FAILURE = (
    "import os\nif os.environ['AWS_LAMBDA_INITIALIZATION_TYPE'] != 'on-demand':\n    raise SystemExit(1)\n"
    "def handler(event, context):\n    return event\n"
)
_PLACEHOLDER = re.compile(r"<[^<>]+>")
_REFERENCE = re.compile(r"<#(\d+)((?:\.[\w-]+)*)>")
_FILES = {
    "openapi.spec.pulumi.json": "005-pulumi-token-authorizer.json",
    "swagger.json": "006-request-authorizer.json",
}


class UnreplayableError(Exception):
    """The recording does not hold what this request is made of."""


class MissingError(Exception):
    """An earlier answer lacks what this request is made of."""


def archive(code: str, name: str = "handler.py") -> bytes:
    """A zip of one file."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as zipped:
        zipped.writestr(zipfile.ZipInfo(name), code)
    return buffer.getvalue()


def constants(*, region: str, account: str, role: str) -> dict[str, Any]:
    """Placeholders that are the same in every case."""
    queue = f"arn:aws:sqs:{region}:{account}:conformance"
    return {
        "<region>": region,
        "<lambda_client.meta.region_name>": region,
        "<wrong_region>": WRONG_REGION,
        "<account_id>": account,
        "<partition>": "aws",
        "<lambda_su_role>": role,
        "<scheduler_role>": role,
        "<s3_bucket_arn>": "arn:aws:s3:::conformance-bucket",
        "<queue_arn>": queue,
        "<stage>": "dev",
        "<Architecture.x86_64>": "x86_64",
        "<Architecture.arm64>": "arm64",
        "<long_function_name>": "a" * 140,
        "<utc_now>": datetime.now(tz=UTC),
        "<targets>": [{"Id": f"target-{number}", "Arn": queue} for number in range(7)],
        "<bytes 43>": b"this is not a zip file, just a random string"[:43],
        "<bytes 6>": b"secret",
        "<bytes 7>": b"content",
        "<TEST_LAMBDA_PYTHON_ECHO>": ECHO,
        "<aws_client.lambda_>": "",
        "<file functions/lambda_invocation_type_failure.py>": INVOCATION_FAILURE,
        "<file functions/lambda_invocation_type.py>": INVOCATION_TYPE,
        "<zip_file>": archive(ECHO),
        "<zip_file_bytes>": archive(ECHO, "index.py"),
        "<create_lambda_archive()>": archive(ECHO, "index.py"),
        "<content of TEST_LAMBDA_PYTHON_ECHO_ZIP>": archive(ECHO, "index.py"),
        "<testutil.create_zip_file()>": archive(ECHO),
        "<dummylayer>": archive("layer = 1\n", "python/layer.py"),
        "<zip_f>": archive("# another\n" + ECHO),
        "<update_zip_file>": archive("# another\n" + ECHO, "index.py"),
        "<zip_file_1>": archive("# first\n" + ECHO),
        "<zip_file_2>": archive("# second\n" + ECHO),
        "<PointInTimeRecoverySpecification()>": {"PointInTimeRecoveryEnabled": True},
        "<json of TEST_EVENT_PATTERN>": '{"source": ["core.update-account-command"]}',
    }


class Filling:
    """Fills in requests from constants, from invented names, and from the answers so far.

    Args:
        known: placeholders that are constant.
        derived: gives values that need a look at the service (ids of an API's resources), or None.
    """

    def __init__(self, known: dict[str, Any], derived: Callable[[str], Any]) -> None:
        self._known = known
        self._derived = derived
        self._names: dict[str, str] = {}
        self.answers: dict[int, Any] = {}

    def fill(self, value: Any) -> Any:
        """The value with every placeholder replaced.

        Raises:
            UnreplayableError: a placeholder's value is not recorded.
            MissingError: an earlier call did not give what is asked for.
        """
        if isinstance(value, dict):
            return {key: self.fill(each) for key, each in value.items()}
        if isinstance(value, list):
            return [self.fill(each) for each in value]
        if not isinstance(value, str):
            return value
        if "<gatewayResponse>" in value:  # an XML template, not a placeholder
            return value
        if value == "<utc_now><timedelta()>":
            return self._known["<utc_now>"] + timedelta(days=1)
        whole = self._one(value) if _PLACEHOLDER.fullmatch(value) else None
        return whole if whole is not None else _PLACEHOLDER.sub(lambda found: str(self._one(found[0])), value)

    def _one(self, placeholder: str) -> Any:
        if placeholder in self._known:
            return self._known[placeholder]
        if placeholder.startswith("<uid"):
            return self._names.setdefault(placeholder, uuid.uuid4().hex[:8])
        if placeholder == "<long_uid()>":
            return str(uuid.uuid4())
        reference = _REFERENCE.fullmatch(placeholder)
        if reference is not None:
            return self.member(int(reference[1]), reference[2])
        if placeholder.startswith("<content of file "):
            return self._file(placeholder)
        found = self._derived(placeholder)
        if found is None:
            raise UnreplayableError(f"nobody knows {placeholder}")
        return found

    def member(self, number: int, path: str = "") -> Any:
        """A member of an earlier answer, by a path such as ".items.0.id"."""
        if number not in self.answers:
            raise MissingError(f"call {number} gave no answer")
        found = self.answers[number]
        if not path and isinstance(found, dict):
            path = ".id"
        for part in path.split(".")[1:]:
            try:
                if part == "-1":  # the last part of an id such as /hostedzone/Z1
                    found = found.rpartition("/")[2]
                else:
                    found = found[int(part)] if isinstance(found, list) else found[part]
            except (KeyError, IndexError, TypeError) as error:
                raise MissingError(f"the answer of call {number} has no {path[1:]}") from error
        return found

    def _file(self, placeholder: str) -> bytes:
        name = placeholder.removesuffix(">").partition(",")[0].rpartition("/")[2]
        if name in _FILES and (CORPUS / _FILES[name]).exists():
            return (CORPUS / _FILES[name]).read_bytes()
        found = rebuilt(name) or exported(name, region=self._known["<region>"])
        if found is None:
            raise UnreplayableError(f"the file {name} was not recorded")
        return found
