"""`backendctl deploy`."""

from __future__ import annotations

import click

from backendctl.cli.options import Options, changing, choosing, common, runtimes
from backendctl.errors import Exit


@click.command(name="deploy")
@click.option("--adopt", is_flag=True, help="Take over what exists under these names and is not ours.")
@changing
@choosing
@runtimes
@common
def command(
    *,
    options: Options,
    only: tuple[str, ...],
    skip: tuple[str, ...],
    dry_run: bool,
    yes: bool,
    expect: str | None,
    allow_delete: tuple[str, ...],
    adopt: bool,
    allow_runtimes: tuple[str, ...],
) -> int:
    """Make every region as the spec says. Doing it again changes nothing; interrupted, it goes on where it stopped."""
    from backendctl.app import check_patterns, plan_deploy, refuse_canaries  # noqa: PLC0415  # start-up stays fast
    from backendctl.cli.applying import Consent, confirm_and_apply, exit_after, unreachable  # noqa: PLC0415  # the same
    from backendctl.cli.opening import opened  # noqa: PLC0415  # the same
    from backendctl.endpoints import endpoints, sample_path  # noqa: PLC0415  # the same
    from backendctl.ui.summary import show_summary  # noqa: PLC0415  # the same

    check_patterns([*only, *skip])
    ready = opened(options, allow_runtimes=allow_runtimes)
    plan = plan_deploy(ready.backend, only=only, skip=skip)
    if not dry_run:
        refuse_canaries(plan)
    consent = Consent(dry_run=dry_run, yes=yes, expect=expect, allow_delete=allow_delete, adopt=adopt)
    outcome = confirm_and_apply(plan, ready, consent, verbose=options.verbose, again="the same command")
    silent = unreachable(plan)
    if outcome is not None and outcome.exit_code is Exit.OK and ready.format == "text":
        backend = ready.backend
        answering = backend.spec.narrowed(tuple(r for r in backend.spec.regions if r in plan.regions))
        urls = endpoints(answering, backend.aws, endpoint_url=backend.settings.access.endpoint_url)
        show_summary(plan, urls, ready.screen.result, seconds=outcome.seconds, path=sample_path(backend.spec))
    return exit_after(outcome, silent=silent)
