"""The operator's side: config.yaml and the environment variables that override it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from backendctl.errors import Fault, SpecError, UsageError
from backendctl.nearest import nearest
from backendctl.spec import loader, schema
from backendctl.spec.report import Report, listed
from backendctl.whole import whole

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

DEFAULT_FILE = Path("config.yaml")
_SCHEMA = "config.schema.json"
_OUTPUTS = ("text", "json", "markdown")
_TRUE = ("1", "true", "yes", "on")
_FALSE = ("0", "false", "no", "off")
_MAX_PARALLEL = 256
AT_ONCE = 48
"""Calls under way at once unless told otherwise: most of a call is waiting, and rates are kept anyway."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Environment:
    """One of the operator's environments; what is None is as in the config itself.

    Attributes:
        account: the account id it must be.
        spec: absolute.
    """

    account: str | None = None
    profile: str | None = None
    role_arn: str | None = None
    spec: Path | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Config:
    """What holds unless a flag says otherwise.

    Attributes:
        file: None when there is no config file.
        role_arn: role to assume first.
        spec: the default spec; absolute when it comes from the file, as given when from the environment.
        prices: prices over the built-in list, for `cost`; absolute.
        regions: only these of the spec's; None for all.
        max_parallel: calls under way at once.
        output: text, json or markdown.
        color: None lets the terminal decide.
        accounts: the account ids that may be touched; empty for any. Not asked in the sandbox.
        pacing: calls per second by service and operation.
        from_environ: the fields that an environment variable gave.
    """

    file: Path | None = None
    profile: str | None = None
    role_arn: str | None = None
    spec: Path | None = None
    prices: Path | None = None
    regions: tuple[str, ...] | None = None
    max_parallel: int = AT_ONCE
    output: str = "text"
    color: bool | None = None
    environments: dict[str, Environment] = field(default_factory=dict)
    accounts: tuple[str, ...] = ()
    pacing: dict[str, dict[str, float]] = field(default_factory=dict)
    endpoint_url: str | None = None
    sandbox: bool = False
    from_environ: frozenset[str] = frozenset()

    def for_environment(self, name: str) -> Config:
        """What holds in one of the environments: only its account, and its own profile, role and spec.

        Variables still win over it.

        Raises:
            UsageError: there is no such environment.
        """
        if name not in self.environments:
            near = nearest(name, self.environments) or f"; environments: {listed(self.environments)}"
            raise UsageError(f"the config has no environment '{name}'{near}")
        one = self.environments[name]
        own = {"profile": one.profile, "role_arn": one.role_arn, "spec": one.spec}
        changes: dict[str, Any] = {
            key: value for key, value in own.items() if value is not None and key not in self.from_environ
        }
        if one.account is not None:
            changes["accounts"] = (one.account,)
        return replace(self, **changes)


def load_config(path: Path | None, environ: Mapping[str, str]) -> Config:
    """The config with the environment's `BACKENDCTL_…` variables put over it.

    Args:
        path: the file; None for config.yaml here, which need not exist.
        environ: the environment variables.

    Raises:
        SpecError: the file is missing or faulty, or a variable is.
    """
    absent = path is None and not DEFAULT_FILE.is_file()
    return _overridden(Config() if absent else _read(path or DEFAULT_FILE), environ)


def _read(path: Path) -> Config:
    document = loader.read(path)
    if document.value is None:
        return Config(file=path)
    report = Report(document=document)
    for problem in schema.problems_in(document, document.value, schema=_SCHEMA):
        report.add(problem.way, problem.message, key=problem.key)
    if report.found:
        raise SpecError(report.faults)
    value: dict[str, Any] = document.value
    folder = path.resolve().parent
    return Config(
        file=path,
        regions=tuple(value["regions"]) if "regions" in value else None,
        environments={
            name: Environment(account=one.get("account"), **_identity(one, folder))
            for name, one in value.get("environments", {}).items()
        },
        accounts=tuple(value.get("accounts", ())),
        pacing=value.get("pacing", {}),
        prices=folder / Path(value["prices"]).expanduser() if "prices" in value else None,
        color=value.get("color"),
        output=value.get("output", "text"),
        max_parallel=int(value.get("max-parallel", AT_ONCE)),
        **_identity(value, folder),
    )


def _identity(value: dict[str, Any], folder: Path) -> dict[str, Any]:
    spec = value.get("spec")
    return {
        "profile": value.get("profile"),
        "role_arn": value.get("role-arn"),
        "spec": folder / Path(spec).expanduser() if spec else None,
    }


def _overridden(config: Config, environ: Mapping[str, str]) -> Config:
    readers: dict[str, tuple[str, Callable[[str], Any]]] = {
        "BACKENDCTL_PROFILE": ("profile", str),
        "BACKENDCTL_SPEC": ("spec", Path),
        "BACKENDCTL_REGION": ("regions", lambda text: tuple(text.replace(",", " ").split())),
        "BACKENDCTL_ENDPOINT_URL": ("endpoint_url", str),
        "BACKENDCTL_OUTPUT": ("output", _output),
        "BACKENDCTL_MAX_PARALLEL": ("max_parallel", _parallel),
        "BACKENDCTL_SANDBOX": ("sandbox", _flag),
    }
    faults: list[Fault] = []
    changes: dict[str, Any] = {}
    for variable, (name, reader) in readers.items():
        text = environ.get(variable, "")
        if not text:
            continue  # empty is as good as unset
        try:
            changes[name] = reader(text)
        except ValueError as error:
            faults.append(Fault(file="environment", line=0, column=0, message=f"{variable} {error}"))
    if faults:
        raise SpecError(faults)
    return replace(config, **changes, from_environ=frozenset(changes))


def _output(text: str) -> str:
    if text not in _OUTPUTS:
        message = f"cannot be '{text}'{nearest(text, _OUTPUTS) or '; it is one of ' + listed(_OUTPUTS)}"
        raise ValueError(message)
    return text


def _parallel(text: str) -> int:
    if not 1 <= (whole(text) or 0) <= _MAX_PARALLEL:
        message = f"must be a whole number from 1 to {_MAX_PARALLEL}, not '{text}'"
        raise ValueError(message)
    return int(text)


def _flag(text: str) -> bool:
    if text.lower() not in _TRUE + _FALSE:
        message = f"must be 1 or 0, not '{text}'"
        raise ValueError(message)
    return text.lower() in _TRUE
