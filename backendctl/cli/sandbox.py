"""`backendctl sandbox up | down | status | reset | env | fault …`."""

from __future__ import annotations

import json
import os
import shlex
from collections.abc import Callable, Mapping
from functools import wraps
from pathlib import Path
from typing import Any

import click

from backendctl.cli.local import sandbox_errors, warn_of_damage
from backendctl.cli.numbers import Number
from backendctl.cli.options import inherited
from backendctl.errors import Exit
from backendctl.sandbox import process
from backendctl.sandbox.process import DEFAULT_PORT, default_data

_port = click.option(
    "--port",
    type=click.IntRange(1, 65535),
    default=DEFAULT_PORT,
    envvar="BACKENDCTL_SANDBOX_PORT",
    show_default=True,
    help="Each port has a sandbox of its own.",
)
_output = click.option("-o", "--output", type=click.Choice(["text", "json"]), default="text", help="Output format.")
_ALL = 100.0
"""Per cent of the calls."""
_FILTERS = (
    click.option("--service", default="*", metavar="NAME", help="Only this service, e.g. lambda; * and ? work."),
    click.option("--operation", default="*", metavar="NAME", help="Only this operation, e.g. 'Create*'."),
    click.option(
        "--region", default="*", metavar="NAME", help="Only this region; 'global' is where IAM and Route 53 are."
    ),
    click.option(
        "--percent",
        type=Number(0, 100, min_open=True),
        default=_ALL,
        help="Percentage of the calls to hit [100].",
    ),
    click.option("--times", type=click.IntRange(1), help="How many times at most [no limit]."),
    click.option("--seed", type=int, help="Random seed, to hit the same calls again."),
)
_REGION = "us-east-1"
_IN_THE_WAY = ("AWS_SESSION_TOKEN", "AWS_PROFILE", "AWS_DEFAULT_PROFILE")
_traffic = click.option("--traffic", is_flag=True, help="Also requests to the APIs, and what their handlers call.")


@click.group(name="sandbox")
def command() -> None:
    """The local AWS: several regions on this machine, with real HTTP into real handlers.

    It listens on 127.0.0.1 only. Any AWS tool reaches it: aws --endpoint-url http://127.0.0.1:4566 …
    """


@command.group(name="fault")
def fault() -> None:
    """Break the local AWS on purpose: a region down, calls that fail, calls that are slow. Ends with `down`."""


def _subcommand(group: click.Group, *options: Callable[..., Any]) -> Callable[[Callable[..., Any]], click.Command]:
    def declare(function: Callable[..., Any]) -> click.Command:
        @wraps(function)
        def wrapper(*, port: int, output: str, **given: Any) -> Any:
            return function(port=inherited("port", port), output=inherited("output", output), **given)

        decorated: Callable[..., Any] = _port(_output(wrapper))
        for option in reversed(options):
            decorated = option(decorated)
        return group.command(name=function.__name__.strip("_"))(decorated)

    return declare


@_subcommand(
    command,
    click.option("--time-scale", type=Number(0, 1), help="1 is AWS's own pace, 0 waits for nothing [0.01]."),
    click.option("--quotas/--no-quotas", default=None, help="Throttle as AWS does, at the time scale [no]."),
    click.option(
        "--require-token/--no-require-token",
        default=None,
        help="Keep other users of this machine out: AWS calls need the key of `sandbox env` [as last time; no].",
    ),
    click.option(
        "--iam",
        type=click.Path(path_type=Path),
        metavar="POLICY.json",
        help="Refuse, as IAM does, every call that this policy does not allow; read again when it changes.",
    ),
)
def up(*, port: int, output: str, **wished: Any) -> None:
    """Start it in the background; its state is what it was."""
    with sandbox_errors():
        now = process.start(port, default_data(port), **wished)
    _tell(now, output)


@_subcommand(command)
def down(*, port: int, output: str) -> None:
    """Stop it; its state is kept."""
    with sandbox_errors():
        stopped = process.stop(port, default_data(port))
    text = f"stopped the sandbox on port {port}; its state is kept" if stopped else "it was not running"
    _say({"stopped": stopped, "port": port}, text, output)


@_subcommand(command)
def status(*, port: int, output: str) -> int:
    """Show whether it runs, its time scale, and where its state and log are."""
    now = process.status(port, default_data(port))
    _tell(now, output)
    return Exit.OK if now.ready else Exit.ERROR


@_subcommand(command, click.option("--region", default=_REGION, help="AWS_REGION for the tools.", show_default=True))
def env(*, port: int, output: str, region: str) -> None:
    """Print the variables that make any AWS tool use it: eval "$(backendctl sandbox env)"."""
    with sandbox_errors():
        key, url = process.key(default_data(port)), process.status(port, default_data(port)).url
    variables = {
        "AWS_ENDPOINT_URL": url,
        "AWS_ACCESS_KEY_ID": key,
        "AWS_SECRET_ACCESS_KEY": "sandbox",
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    }
    lines = [f"export {name}={shlex.quote(value)}" for name, value in variables.items()]
    _say(variables, "\n".join([*lines, f"unset {' '.join(_IN_THE_WAY)}", _no_proxy()]), output)


@_subcommand(command)
def reset(*, port: int, output: str) -> None:
    """Stop it and delete its state."""
    with sandbox_errors():
        process.reset(port, default_data(port))
    _say({"reset": True, "port": port}, f"the sandbox on port {port} is stopped and empty", output)


@_subcommand(
    fault,
    click.argument("region"),
    click.option(
        "--with", "effect", type=click.Choice(["reset", "unavailable"]), default="reset", help="How it is down [reset]."
    ),
    _traffic,
)
def region(*, port: int, output: str, region: str, effect: str, traffic: bool) -> None:
    """Take a region down: nothing in it answers. IAM and Route 53, which are global, do."""
    _add(port, output, {"effect": effect, "region": region, "traffic": traffic})


@_subcommand(
    fault,
    click.option(
        "--with",
        "effect",
        type=click.Choice(["error", "unavailable", "throttled", "limit", "reset"]),
        default="error",
        help="500, 503, a throttle, a limit that waiting does not lift, or a connection reset [error].",
    ),
    click.option("--after", is_flag=True, help="The work is done, only its answer is lost."),
    *_FILTERS,
    _traffic,
)
def fail(*, port: int, output: str, **fault: Any) -> None:
    """Calls fail: those that fit all filters, with the given probability, so many times."""
    _add(port, output, fault)


@_subcommand(
    fault,
    click.argument("seconds", type=Number(0, 3600, min_open=True)),
    *_FILTERS,
    _traffic,
)
def slow(*, port: int, output: str, **fault: Any) -> None:
    """Delay calls by SECONDS, in real time whatever the time scale."""
    _add(port, output, {"effect": "slow", **fault})


@_subcommand(fault)
def list_(*, port: int, output: str) -> None:
    """Every fault, how many calls fitted it and how many were hit."""
    with sandbox_errors():
        found = process.faults(port, default_data(port))
    _say({"faults": found}, "\n".join(map(_line, found)) or "no faults", output)


@_subcommand(fault, click.argument("name", metavar="[ID]", required=False, default=""))
def clear(*, port: int, output: str, name: str) -> None:
    """Turn off all faults, or the one with that ID."""
    with sandbox_errors():
        gone = process.clear_faults(port, default_data(port), name=name)
    _say({"cleared": gone}, "\n".join(f"cleared {_line(one)}" for one in gone) or "there were no faults", output)


def _add(port: int, output: str, wanted: Mapping[str, Any]) -> None:
    with sandbox_errors():
        made = process.add_fault(port, default_data(port), dict(wanted))
    _say(made, _line(made), output)


def _line(fault: Mapping[str, Any]) -> str:
    """One fault as a sentence with its count."""
    share = "" if fault["percent"] == _ALL else f"{fault['percent']:g} % of "
    what = f"{fault['service']}:{fault['operation']} in {fault['region']}" + (
        " and traffic" if fault["traffic"] else ""
    )
    how = f"{fault['seconds']:g} s late" if fault["effect"] == "slow" else fault["effect"]
    when = " after the work" if fault["after"] else ""
    often = "" if fault["times"] is None else f", {fault['times']} times at most"
    return (
        f"{fault['id']}: {share}{what}: {how}{when}{often} (seed {fault['seed']}; "
        f"hit {fault['struck']} of {fault['seen']})"
    )


def _say(document: Mapping[str, Any], text: str, output: str) -> None:
    click.echo(json.dumps(document, indent=2) if output == "json" else text)


def _no_proxy() -> str:
    """A line which keeps a proxy from getting the calls, beside the hosts that are spared already."""
    spared = "localhost,127.0.0.1"
    return f'export NO_PROXY="{spared}${{NO_PROXY:+,$NO_PROXY}}" no_proxy="{spared}${{no_proxy:+,$no_proxy}}"'


def _tell(now: process.Status, output: str) -> None:
    document: dict[str, Any] = {"running": now.running, "ready": now.ready, "pid": now.pid, "url": now.url}
    document |= {"data": str(now.data), "time_scale": now.time_scale, "quotas": now.quotas, "throttled": now.throttled}
    document |= {
        "faults": now.faults,
        "token": now.token,
        "iam": now.iam or None,
        "damaged": [str(file) for file in now.damaged],
    }
    warn_of_damage(now)
    state = "up" if now.ready else ("starting" if now.running else "down")
    lines = [f"sandbox on port {now.port}: {state}" + (f" (pid {now.pid}) at {now.url}" if now.pid else "")]
    if now.ready:
        faults = f"{now.faults} on: backendctl sandbox fault list" if now.faults else "none"
        quotas = f"as AWS's, {now.throttled} calls throttled" if now.quotas else "none"
        token = "; calls need the key of `backendctl sandbox env`" if now.token else ""
        lines.append(f"  time scale {now.time_scale:g}; quotas: {quotas}; faults: {faults}{token}")
        lines += [f"  calls are refused unless {now.iam} allows them"] if now.iam else []
    _say(document, "\n".join([*lines, f"  state and log: {now.data}"]), output)
