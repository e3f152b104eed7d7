"""The verdict where Lambda itself keeps environments ready: provisioned concurrency and SnapStart."""

from __future__ import annotations

from backendctl.warmth import next_steps
from backendctl.warmth.evidence import Evidence, Outcome, Verdict, fails, told_time
from backendctl.warmth.figures import wilson


def provisioned(evidence: Evidence) -> Verdict | None:
    """Spill-over is what CloudWatch counts: an environment made beforehand reports its loading too."""
    subject, figures, spilled = evidence.subject, evidence.figures, evidence.counted.spilled
    if not subject.provisioned:
        if not subject.wants_provisioned:
            return None
        told = f"the spec asks for {subject.wants_provisioned} provisioned environments, and {subject.called} has none"
        return fails(Outcome.NOT_READY, told, next_steps.deploy(subject))
    if not subject.is_allocated:
        told = f"{subject.allocated} of {subject.provisioned} provisioned environments are there: {subject.allocation}"
        return fails(Outcome.NOT_READY, told, next_steps.allocate(subject))
    told = f"{subject.provisioned} provisioned{_used(evidence)}, no spill-over"
    if spilled:
        told = f"{subject.provisioned} provisioned; {spilled} calls spilled over to on-demand environments"
    low = wilson(min(spilled, figures.cold_users), figures.users).low if figures is not None else None
    if figures is not None and low is not None and low > evidence.allowed:
        cold = f"up to {figures.cold_users} of {figures.users} users' requests met a cold start"
        return fails(Outcome.COLD, f"{told}; {cold}", next_steps.provision(subject))
    return Verdict(outcome=Outcome.PROVISIONED, reason=told)


def _used(evidence: Evidence) -> str:
    """How many of them were busy at most, where CloudWatch tells."""
    busy = evidence.counted.busy
    return "" if busy is None else f", at most {busy} in use"


def restored(evidence: Evidence) -> Verdict | None:
    """New environments start from a snapshot: what is cold is a restore; pings, where there are some, say more."""
    subject, figures = evidence.subject, evidence.figures
    if not subject.snapshot or subject.rules:
        return None
    if subject.snapshot != "On":
        told = f"version {subject.version} has no SnapStart snapshot (OptimizationStatus {subject.snapshot})"
        return fails(Outcome.NOT_READY, f"{told}: its new environments load the code", next_steps.deploy(subject))
    if figures is None:
        return Verdict(outcome=Outcome.NO_DATA, reason=evidence.unread or "the log was not read")
    if not figures.users:
        return Verdict(outcome=Outcome.RESTORED, reason="SnapStart; no user's request in this time")
    told = f"SnapStart; {figures.cold_users} of {figures.users} users' requests waited for a restore"
    usual = "" if figures.init.p50 is None else f" of {told_time(figures.init.p50 / 1000)}"
    return Verdict(outcome=Outcome.RESTORED, reason=told + usual)
