"""What runs inside an execution environment: loads the handler, then calls it once per line on standard input.

Run as a script with nothing of this package importable; standard library only. Requests come on standard input and
answers leave through the file descriptor given as the first argument, each as one line of JSON; what the handler
prints stays on standard output and standard error.
"""

from __future__ import annotations

import errno
import importlib
import importlib.util
import json
import logging
import os
import re
import socket
import sys
import time
import traceback
from types import SimpleNamespace

TYPE_CHECKING = False  # typing and importlib.abc would make every cold start a fifth longer
if TYPE_CHECKING:
    from collections.abc import Callable
    from importlib.machinery import ModuleSpec
    from types import ModuleType, TracebackType
    from typing import Any

TASK_ROOT = "/var/task"
DEPTH = "_MINISTACK_INVOKE_DEPTH"
DEPTH_HEADER = "X-Ministack-Invoke-Depth"

_LOOPBACK = re.compile(r"127(?:\.\d{1,3}){3}|::1|::ffff:127(?:\.\d{1,3}){3}|(?:[\w-]+\.)+localhost")

_NUMBER = re.compile(r"[\d.]+|[\da-fA-F.:]*:[\da-fA-F.:%\w]*")


class FaultError(Exception):
    """The runtime's own complaint about a handler, in AWS's words."""

    def __init__(self, kind: str, message: str, trace: list[str] | None = None) -> None:
        super().__init__(message)
        self.document = {"errorMessage": message, "errorType": kind, "requestId": "", "stackTrace": trace or []}


def main() -> None:
    """Load, say so, and serve until standard input ends."""
    if sys.path[0] == os.path.dirname(os.path.abspath(__file__)):  # noqa: PTH100, PTH120 - pathlib is slow to load
        del sys.path[0]  # the option -P is not known before Python 3.11
    requests = os.fdopen(os.dup(0), "rb")
    answers = os.fdopen(int(sys.argv[1]), "wb")
    os.set_inheritable(answers.fileno(), False)  # noqa: FBT003 - it knows no keywords
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    settings = json.loads(requests.readline())
    code: str = settings["code"]
    sys.addaudithook(guard)
    sys.meta_path.insert(0, _Lineage())
    sys.path.insert(0, code)
    sys.path += settings["more"]
    log = _logging()
    try:
        handler = load(settings["handler"])
    except FaultError as fault:
        _say(answers, {"error": fault.document})
        return
    except Exception as problem:  # noqa: BLE001 - whatever a module raises is told
        _say(answers, {"error": told(problem, problem.__traceback__, code)})
        return
    _say(answers, {"ready": True})
    for line in requests:
        _say(answers, _serve(handler, json.loads(line), log, code))


def _serve(handler: Callable[[Any, Any], Any], asked: dict[str, Any], log: _RequestId, code: str) -> dict[str, Any]:
    """Call the handler once; its result or error as a document."""
    for name, value in asked["environment"].items():
        os.environ.pop(name, None)
        if value is not None:
            os.environ[name] = value
    log.request_id = asked["request_id"]
    try:
        result = handler(asked["event"], _context(asked))
    except Exception as problem:  # noqa: BLE001 - whatever a handler raises is told
        error = told(problem, problem.__traceback__, code)
        return {"error": {**error, "requestId": asked["request_id"]}}
    try:
        return {"result": json.dumps(result, ensure_ascii=False)}
    except (TypeError, ValueError) as problem:
        fault = FaultError("Runtime.MarshalError", f"Unable to marshal response: {problem}")
        return {"error": {**fault.document, "requestId": asked["request_id"]}}


def load(named: str) -> Callable[[Any, Any], Any]:
    """The handler of a name like `package/module.function`.

    Raises:
        FaultError: the module cannot be imported, or has no such function.
    """
    path, dot, function = named.rpartition(".")
    if not dot:
        raise FaultError("Runtime.MalformedHandlerName", f"Bad handler '{named}': not enough values to unpack")
    try:
        module = importlib.import_module(path.replace("/", "."))
    except ImportError as problem:
        raise FaultError("Runtime.ImportModuleError", f"Unable to import module '{path}': {problem}") from problem
    except SyntaxError as problem:
        where = [f'  File "{problem.filename}" Line {problem.lineno}\n    {problem.text}']
        raise FaultError(
            "Runtime.UserCodeSyntaxError", f"Syntax error in module '{path}': {problem}", where
        ) from problem
    try:
        found: Callable[[Any, Any], Any] = getattr(module, function)
    except AttributeError as problem:
        raise FaultError("Runtime.HandlerNotFound", f"Handler '{function}' missing on module '{path}'") from problem
    return found


def told(problem: BaseException, trace: TracebackType | None, code: str) -> dict[str, Any]:
    """An exception as AWS's Python runtime tells it: without its own frames, and with paths under /var/task."""
    frames = [frame for frame in traceback.extract_tb(trace) if frame.filename != __file__]
    lines = [line.replace(code, TASK_ROOT) for line in traceback.format_list(frames) if "importlib" not in line]
    return {"errorMessage": str(problem), "errorType": type(problem).__name__, "requestId": "", "stackTrace": lines}


def guard(event: str, arguments: tuple[Any, ...]) -> None:
    """An audit hook which keeps this process on the loopback interface; Python code cannot take it off again.

    Raises:
        OSError: the address is outside.
    """
    if event in {"socket.connect", "socket.sendto", "socket.sendmsg"}:
        address = arguments[1]
        if isinstance(address, tuple) and not is_local(address[0]):
            raise OSError(errno.ENETUNREACH, f"Network is unreachable: a sandbox has no way to {address[0]}")
    elif event in {"socket.getaddrinfo", "socket.gethostbyname"} and is_foreign_name(arguments[0]):
        raise socket.gaierror(
            socket.EAI_NONAME, f"Name or service not known: a sandbox does not look up {arguments[0]}"
        )


def is_local(host: object) -> bool:
    """Whether a host, by name or number, is this machine's loopback interface."""
    name = host.decode("latin-1") if isinstance(host, bytes) else host
    return name is None or str(name) in {"", "localhost"} or _LOOPBACK.fullmatch(str(name)) is not None


def is_foreign_name(host: object) -> bool:
    """Whether a host is a name which only a name server could tell of."""
    name = host.decode("latin-1") if isinstance(host, bytes) else str(host)
    return not is_local(host) and _NUMBER.fullmatch(name) is None


class _Lineage:
    """Lets calls through boto3 carry how deep a chain of invocations is, so that loops are found.

    It acts when the handler imports botocore: importing it here would make every cold start slower.
    """

    def find_spec(self, name: str, _path: Any = None, _target: ModuleType | None = None) -> ModuleSpec | None:
        if name != "botocore.handlers":
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(name)
        if spec is not None and spec.loader is not None:
            run = spec.loader.exec_module

            def and_stamp(module: ModuleType) -> None:
                run(module)
                module.BUILTIN_HANDLERS.append(("before-call", _stamp))

            spec.loader.exec_module = and_stamp  # type: ignore[method-assign]
        return spec


def _stamp(params: dict[str, Any], **_more: Any) -> None:
    depth = os.environ.get(DEPTH)
    if depth:
        params["headers"].setdefault(DEPTH_HEADER, depth)


class _RequestId(logging.Filter):
    """Gives every record the id of the request at hand."""

    request_id = ""

    def filter(self, record: logging.LogRecord) -> bool:
        record.aws_request_id = self.request_id
        return True


class _JsonFormatter(logging.Formatter):
    """A record as one line of JSON, as AWS's runtime writes it with LogFormat JSON."""

    def format(self, record: logging.LogRecord) -> str:
        told = {
            "timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(record.created)),
            "level": record.levelname,
            "message": record.getMessage(),
            "logger": record.name,
            **_failure(record),
            "requestId": getattr(record, "aws_request_id", None) or None,
        }
        more = {key: value for key, value in vars(record).items() if key not in _USUAL}
        whole = {key: value for key, value in {**told, **more}.items() if value is not None}
        return json.dumps(whole, default=str, ensure_ascii=False)


_USUAL = {*vars(logging.makeLogRecord({})), "aws_request_id", "message", "asctime"}
"""Members of a record which are not its writer's own."""


def _failure(record: logging.LogRecord) -> dict[str, Any]:
    kind, problem, trace = record.exc_info or (None, None, None)
    if kind is None or problem is None:
        return {}
    return {
        "stackTrace": traceback.format_tb(trace),
        "errorType": kind.__name__,
        "errorMessage": str(problem),
        "location": f"{record.pathname}:{record.funcName}:{record.lineno}",
    }


def _logging() -> _RequestId:
    """What AWS's runtime does to the root logger."""
    handler, ids = logging.StreamHandler(sys.stdout), _RequestId()
    handler.addFilter(ids)
    root = logging.getLogger()
    root.addHandler(handler)
    if os.environ.get("AWS_LAMBDA_LOG_FORMAT") == "JSON":
        handler.setFormatter(_JsonFormatter())
        logging.addLevelName(5, "TRACE")
        level = os.environ.get("AWS_LAMBDA_LOG_LEVEL", "INFO")
        root.setLevel({"WARN": "WARNING", "FATAL": "CRITICAL"}.get(level, level))
        return ids
    form = "[%(levelname)s]\t%(asctime)s.%(msecs)03dZ\t%(aws_request_id)s\t%(message)s"
    formatter = logging.Formatter(form, "%Y-%m-%dT%H:%M:%S")
    formatter.converter = time.gmtime
    handler.setFormatter(formatter)
    return ids


def _context(asked: dict[str, Any]) -> SimpleNamespace:
    deadline: float = asked["deadline"]
    return SimpleNamespace(
        function_name=os.environ["AWS_LAMBDA_FUNCTION_NAME"],
        function_version=os.environ["AWS_LAMBDA_FUNCTION_VERSION"],
        memory_limit_in_mb=os.environ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"],
        invoked_function_arn=asked["arn"],
        aws_request_id=asked["request_id"],
        log_group_name=os.environ["AWS_LAMBDA_LOG_GROUP_NAME"],
        log_stream_name=os.environ["AWS_LAMBDA_LOG_STREAM_NAME"],
        identity=SimpleNamespace(cognito_identity_id=None, cognito_identity_pool_id=None),
        client_context=None,
        get_remaining_time_in_millis=lambda: max(0, int((deadline - time.time()) * 1000)),
        log=lambda text: sys.stdout.write(f"{text}"),
    )


def _say(answers: Any, document: dict[str, Any]) -> None:
    for stream in (sys.stdout, sys.stderr):  # all that was printed is in the pipe before the answer is
        stream.flush()
    document["peak"], document["ended"] = _peak(), time.monotonic() - _waited()
    answers.write(json.dumps(document).encode() + b"\n")
    answers.flush()


def _waited() -> float:
    """Seconds for which this process could have run, but others had the processors; 0.0 when nobody can tell."""
    try:
        with open("/proc/self/schedstat", encoding="ascii") as told:  # noqa: PTH123 - pathlib makes a cold start slower
            return int(told.read().split()[1]) / 1e9
    except (OSError, IndexError, ValueError):
        return 0.0


def _peak() -> int:
    """The most memory this process has ever used, in MB."""
    try:
        with open("/proc/self/status", encoding="ascii") as status:  # noqa: PTH123 - pathlib costs start time
            kilobytes = next(int(line.split()[1]) for line in status if line.startswith("VmHWM:"))
    except (OSError, StopIteration):
        import resource  # noqa: PLC0415 - only where there is no /proc

        # In bytes there; on Linux it would count the process which started this one as well.
        kilobytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    return -(-kilobytes // 1024)


if __name__ == "__main__":
    main()
