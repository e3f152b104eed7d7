"""`backendctl sync-tables`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from backendctl.cli.options import Adopting, Options, adopting, changing, common
from backendctl.errors import Exit, UsageError

if TYPE_CHECKING:
    from backendctl.cli.opening import Opened
    from backendctl.engine.plan import Plan
    from backendctl.engine.safety import Refusal


@click.command(name="sync-tables", cls=Adopting)
@click.option(
    "--check", is_flag=True, help="Change nothing; exit 2 when a table differs from the spec or over regions."
)
@click.option("--keep-data", is_flag=True, help="Let a replica that goes become a table of its own, with its data.")
@adopting
@changing
@common
def command(
    *,
    options: Options,
    check: bool,
    keep_data: bool,
    dry_run: bool,
    yes: bool,
    plan_digest: str | None,
    allow_delete: tuple[str, ...],
    adopt: tuple[str, ...],
) -> int:
    """Make every table the same in every region: keys, indexes, TTL, capacity, scaling, recovery, tags, policies.

    Some of it AWS brings to every region by itself, and much of it not: the report tells the two apart. A new replica
    takes AWS ten minutes and more; after Ctrl-C or a kill it goes on there, and the same command goes on waiting.
    """
    from backendctl.cli.applying import Consent
    from backendctl.cli.opening import opened_api
    from backendctl.cli.syncing import sync
    from backendctl.engine.safety import refusal_of
    from backendctl.selecting import Selection
    from backendctl.tables.syncing import plan_tables
    from backendctl.ui.progress import busy

    if check and (yes or dry_run):
        raise UsageError("--check changes nothing: leave out --yes and --dry-run")
    selection = Selection(delete=allow_delete, adopt=adopt)
    selection.check()
    ready = opened_api(options)
    with busy(ready.screen.progress, "comparing tables in every region …", quiet=options.quiet):
        plan = plan_tables(ready.backend, selection, keep_data=keep_data)
    consent = Consent(dry_run=dry_run, yes=yes, plan_digest=plan_digest, allow_delete=allow_delete, adopt=adopt)
    if check:
        return _check(ready, plan, refusal_of(plan, consent.allowed), verbose=options.verbose)
    return sync(plan, ready, consent, check=False, verbose=options.verbose)


def _check(ready: Opened, plan: Plan, refusal: Refusal, *, verbose: bool) -> Exit:
    """Say what differs."""
    import json

    from backendctl.cli.applying import unreachable
    from backendctl.tables.parity import parity_of
    from backendctl.ui.parity_view import parity_document, parity_markdown, show_parity

    parity = parity_of(ready.backend, silent=plan.unreachable)
    if ready.format == "json":
        click.echo(json.dumps(parity_document(parity, plan, refusal), indent=2))
    elif ready.format == "markdown":
        click.echo(parity_markdown(parity, plan, refusal))
    else:
        show_parity(parity, plan, ready.screen.result, refusal=refusal, verbose=verbose)
    if unreachable(plan):
        return Exit.PARTIAL
    return Exit.OK if parity.in_sync and not plan.changes else Exit.PENDING
