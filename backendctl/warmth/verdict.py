"""Whether users meet warm environments, why not, and what to do: one verdict per function and region."""

from __future__ import annotations

from collections.abc import Callable

from backendctl.warmth import next_steps
from backendctl.warmth.cold import Cause
from backendctl.warmth.evidence import Evidence, Outcome, Verdict, fails, told_time
from backendctl.warmth.figures import Figures, wilson
from backendctl.warmth.ready import provisioned, restored

_QUICK_MS = 20.0
"""A ping that takes no longer than this returns early, whatever users' requests take."""
_ALONE_MS = 250.0
"""The same where no user's request is there to be compared with."""
_LIKE = 2.0
"""A ping does the usual work when it takes from half to this many times as long as a user's request; one that takes
longer does something else, such as opening connections."""
_SLOW_MS = 50.0
"""By how much a first request must be slower than later ones before it is said to be."""
_SURE = 0.05
"""Share of cold requests, at the upper end of its interval, up to which users alone prove a function warm."""
_FEW = 3
_OVERLAPPING = 2
_INTERVALS = 3
"""Intervals without a firing after which a rule does not fire; a new one takes a while (D15)."""


def judge(evidence: Evidence) -> Verdict:
    """The first of the checks that finds something; the most certain causes come first."""
    return next(found for check in _CHECKS if (found := check(evidence)) is not None)


def _absent(evidence: Evidence) -> Verdict | None:
    subject = evidence.subject
    if subject.is_there and subject.is_reached:
        return None
    told = f"{subject.region} has no {subject.called}"
    if subject.is_there:
        told = f"no live stage of {subject.region} leads to {subject.called}"
    return Verdict(outcome=Outcome.NO_DATA, reason=told, next_step=next_steps.deploy(subject))


def _off(evidence: Evidence) -> Verdict | None:
    """No rule, or one that is switched off; what else a spec's rules call is another row's."""
    subject = evidence.subject
    absent = [rule.told for rule in subject.rules if not rule.is_there]
    if absent:
        return fails(Outcome.NOT_FIRING, f"{absent[0]} does not exist", next_steps.sync(subject))
    mine = [rule for rule in subject.rules if subject.alias in rule.targets] or list(subject.rules)
    disabled = [rule for rule in mine if not rule.is_enabled]
    if not disabled or (len(disabled) < len(mine) and not subject.wants_warmth):
        return None
    off = disabled[0]
    if subject.disabled_by_spec:
        told, step = "is disabled: the spec says enabled: false", "write enabled: true in the spec, then "
        return fails(Outcome.NOT_FIRING, f"{off.told} {told}", step + next_steps.sync(subject))
    by_hand = " by hand" if subject.wants_warmth else ""
    return fails(Outcome.NOT_FIRING, f"{off.told} is disabled{by_hand}", next_steps.enable(subject, off))


def _just_changed(evidence: Evidence) -> Verdict | None:
    """A rule that was changed a moment ago is not judged by pings from before."""
    subject = evidence.subject
    rule = max(subject.calling, key=lambda one: one.changed, default=None)
    if rule is None or not rule.changed:
        return None
    since, needed = evidence.until - rule.changed, _INTERVALS * (subject.interval or evidence.idle)
    if since >= needed:
        return None
    told = f"{rule.told} was changed {told_time(max(0.0, since))} ago, and what was read is from before"
    step = f"wait {told_time(needed - max(0.0, since))}, then {next_steps.look_closer(subject)}"
    return Verdict(outcome=Outcome.NO_DATA, reason=told, next_step=step)


def _silent(evidence: Evidence) -> Verdict | None:
    """A rule that is enabled and fires no more, or never did."""
    subject, counted = evidence.subject, evidence.counted
    named = [rule for rule in subject.calling if not rule.is_schedule]
    interval = subject.interval
    if not named or interval is None or not counted.is_known or counted.silent <= _INTERVALS * interval:
        return None
    since = f"for {told_time(counted.silent)}"
    if counted.last is None:
        since += " (one made just now takes some minutes)"  # D15
    return fails(
        Outcome.NOT_FIRING,
        f"rule {named[0].name} is enabled and did not fire {since}; it should every {told_time(interval)}",
        f"aws events describe-rule --name {named[0].name} --region {subject.region}",
    )


def _wrong_target(evidence: Evidence) -> Verdict | None:
    subject = evidence.subject
    enabled = [rule for rule in subject.rules if rule.is_enabled]
    if not enabled or subject.calling:
        return None
    called = sorted({qualifier or "$LATEST" for rule in enabled for qualifier in rule.targets})
    told = f"calls {', '.join(called)}" if called else "has no target in this function"
    return fails(
        Outcome.WRONG_TARGET,
        f"{enabled[0].told} {told}; users hit {subject.alias or '$LATEST'}",
        next_steps.sync(subject),
    )


def _no_permission(evidence: Evidence) -> Verdict | None:
    subject, counted = evidence.subject, evidence.counted
    refused = [rule for rule in subject.calling if not rule.is_permitted]
    if refused:
        told = f"the policy of {subject.called} does not let rule {refused[0].name} call it"
        return fails(Outcome.NO_PERMISSION, told, next_steps.permit(subject, refused[0].name))
    if counted.failed and counted.failed >= counted.fired:
        told = f"{counted.failed} of {counted.fired} calls of the rule did not reach {subject.called}"
        return fails(Outcome.NO_PERMISSION, told, next_steps.look_closer(subject))
    return None


def _throttled(evidence: Evidence) -> Verdict | None:
    """More than a few in a window: the share that is allowed to be cold is allowed to be throttled."""
    counted, subject = evidence.counted, evidence.subject
    low = wilson(counted.throttles, counted.throttles + counted.invocations).low
    if low is None or low <= evidence.allowed:
        return None
    return fails(
        Outcome.THROTTLED,
        f"{counted.throttles} calls were throttled: the function's reserved, or the account's, concurrency is used up",
        f"aws lambda get-function-concurrency --function-name {subject.physical} --region {subject.region}",
    )


def _ping_fails(evidence: Evidence) -> Verdict | None:
    figures = evidence.figures
    if figures is None or figures.is_binned or not figures.pings or figures.failed_pings * 2 < figures.pings:
        return None
    subject = evidence.subject
    return fails(
        Outcome.PING_FAILS,
        f"{figures.failed_pings} of {figures.pings} pings raised or timed out",
        f"aws logs tail {subject.log_group} --since 1h --region {subject.region}",
    )


def _too_seldom(evidence: Evidence) -> Verdict | None:
    """Pings find no environment: their own interval, or AWS, lets it go in between."""
    figures, subject = evidence.figures, evidence.subject
    if figures is None or figures.is_binned or figures.pings < _FEW or figures.absorbed * 2 < figures.pings:
        return None
    every, idle = subject.interval, f"an unused environment lives about {told_time(evidence.idle)}"
    if every is not None and every <= evidence.idle:
        if figures.lapsed * 2 < figures.pings:
            return None
        idle = f"here an unused environment lives less than the {told_time(evidence.idle)} that are assumed"
    told = f"every {told_time(every)}" if every is not None else "by its cron expression"
    return fails(
        Outcome.TOO_SELDOM,
        f"{figures.absorbed} of {figures.pings} pings met a cold start themselves: the rule fires {told}, and {idle}",
        next_steps.more_often(subject),
    )


def _not_held(evidence: Evidence) -> Verdict | None:
    """Several pings are sent, and they never ran at the same time."""
    figures, subject = evidence.figures, evidence.subject
    sent = sum(rule.targets.get(subject.alias, 0) for rule in subject.calling)
    wanted = max(subject.instances, sent)
    if subject.calling and sent < subject.instances:
        told = f"the spec wants {subject.instances} instances, and its rules send {sent} pings at once"
        return fails(Outcome.TOO_FEW, told, next_steps.sync(subject))
    if figures is None or figures.is_binned or wanted < _OVERLAPPING or figures.pings < wanted:
        return None
    if figures.overlap >= wanted:
        return None
    alive = f"{figures.alive} environment{'s' if figures.alive != 1 else ''} alive"
    return fails(
        Outcome.TOO_FEW,
        f"{wanted} pings are sent at once and {figures.overlap} ran at the same time: {alive}",
        "let the handler stay for `holdMs` milliseconds when the warmer calls",
    )


def _ignored(evidence: Evidence) -> Verdict | None:
    figures = evidence.figures
    if figures is None or figures.pings - figures.absorbed < _FEW or figures.ping.p50 is None:
        return None
    taken, usual = figures.ping.p50 - evidence.subject.hold_ms, figures.warm.p50
    low, high = (_ALONE_MS, float("inf")) if usual is None else (max(_QUICK_MS, usual / _LIKE), usual * _LIKE)
    if not low < taken < high:
        return None
    beside = "" if usual is None else f", a user's request {usual:,.0f} ms"
    return fails(
        Outcome.IGNORED,
        f"a ping takes {figures.ping.p50:,.0f} ms{beside}: the handler does its usual work on the warmer's input",
        "let the handler return early when the warmer calls",
    )


def _cold(evidence: Evidence) -> Verdict | None:
    figures = evidence.figures
    if figures is None or figures.cold_share.low is None or figures.cold_share.low <= evidence.allowed:
        return None
    told = f"{figures.cold_users} of {figures.users} users' requests met a cold start"
    cause = max(figures.causes, key=lambda one: figures.causes[one], default=Cause.UNKNOWN)
    count, subject = figures.causes.get(cause, 0), evidence.subject
    if cause is Cause.SCALE_OUT:
        return fails(
            Outcome.TOO_FEW,
            f"{told}, {count} because all environments were busy",
            next_steps.more_instances(subject),
        )
    every = subject.interval
    if cause is Cause.IDLE and every is not None and every > evidence.idle:
        return fails(
            Outcome.TOO_SELDOM,
            f"{told}, {count} after more than {told_time(evidence.idle)} without a call; "
            f"the rule fires every {told_time(every)}",
            next_steps.more_often(subject),
        )
    step = next_steps.look_closer(subject) if subject.rules else next_steps.start_warming(subject)
    return fails(Outcome.COLD, f"{told}, {count} {_because(cause)}", step)


def _because(cause: Cause) -> str:
    return {
        Cause.RELEASE: "after a release",
        Cause.RECYCLED: "because AWS replaced a warm environment",
        Cause.IDLE: "after a time without calls",
    }.get(cause, f"({cause})")


def _lazy(evidence: Evidence) -> Verdict | None:
    """Warm, but the first request opens the connections."""
    figures = evidence.figures
    if figures is None or figures.first.p50 is None or figures.later.p50 is None or figures.later.p95 is None:
        return None
    if figures.later_count < _FEW or figures.first.p50 <= max(2 * figures.later.p95, figures.later.p50 + _SLOW_MS):
        return None
    return fails(
        Outcome.COLD,
        f"the first request after the warmer loaded an environment takes {figures.first.p50:,.0f} ms, later ones "
        f"{figures.later.p50:,.0f} ms: the ping does not open the connections",
        "open connections before the handler returns on the warmer's input",
    )


def _unread(evidence: Evidence) -> Verdict | None:
    figures, subject = evidence.figures, evidence.subject
    if figures is None:
        return Verdict(outcome=Outcome.NO_DATA, reason=evidence.unread or "the log was not read")
    if figures.invocations:
        return None
    what = "no invocation" if evidence.counted.is_known or subject.rules else "no invocation and no metric"
    return Verdict(outcome=Outcome.NO_DATA, reason=f"{what} in this time", next_step=next_steps.warm(subject))


def _too_little(evidence: Evidence) -> Verdict | None:
    figures, subject = evidence.figures or Figures(), evidence.subject
    if subject.calling and figures.pings < subject.instances and subject.instances >= _OVERLAPPING:
        told = f"{figures.pings} pings in this time, too few to tell whether {subject.instances} instances are held"
        return Verdict(outcome=Outcome.NO_DATA, reason=told)
    high = figures.cold_share.high
    if (figures.pings and figures.alive) or (high is not None and high <= max(evidence.allowed, _SURE)):
        return None
    if figures.pings:
        return Verdict(outcome=Outcome.NO_DATA, reason=f"{figures.pings} pings, and no environment is alive now")
    told = "no pings; no user's request yet"
    if figures.users:
        told = f"no pings; {figures.cold_users} of {figures.users} users' requests were cold, too few to tell"
    step = "" if subject.rules else next_steps.start_warming(subject)
    return Verdict(outcome=Outcome.NO_DATA, reason=told, next_step=step)


def _warm_verdict(evidence: Evidence) -> Verdict:
    figures = evidence.figures or Figures()
    kept = f"{figures.alive} alive, {figures.pings} pings"
    if not figures.users:
        return Verdict(outcome=Outcome.WARM, reason=f"{kept}; no user's request in this time")
    return Verdict(outcome=Outcome.WARM, reason=f"{kept}; {figures.cold_users} of {figures.users} users' requests cold")


_CHECKS: tuple[Callable[[Evidence], Verdict | None], ...] = (
    _absent,
    provisioned,
    restored,
    _off,
    _wrong_target,
    _no_permission,
    _just_changed,
    _silent,
    _throttled,
    _ping_fails,
    _too_seldom,
    _not_held,
    _ignored,
    _cold,
    _lazy,
    _unread,
    _too_little,
    _warm_verdict,
)
