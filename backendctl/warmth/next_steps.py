"""What to type, or to change, after a verdict; true for a function of a spec and for one made by hand."""

from __future__ import annotations

from backendctl.warmth.subject import Rule, Subject


def sync(subject: Subject) -> str:
    """Put the rule and its permission right."""
    if subject.wants_warmth:
        return f"backendctl sync-warmers -r {subject.region}"
    return f"aws events list-targets-by-rule --rule {subject.rules[0].name} --region {subject.region}"


def permit(subject: Subject, rule: str) -> str:
    """Let a rule call."""
    if subject.wants_warmth:
        return sync(subject)
    named = f"--function-name {subject.physical}" + (f" --qualifier {subject.alias}" if subject.alias else "")
    return (
        f"aws lambda add-permission {named} --statement-id {rule.replace('.', '-')} "
        f"--action lambda:InvokeFunction --principal events.amazonaws.com "
        f"--source-arn $(aws events describe-rule --name {rule} --query Arn --output text --region {subject.region}) "
        f"--region {subject.region}"
    )


def enable(subject: Subject, rule: Rule) -> str:
    """Switch a rule on; schedules are switched one by one, so the spec does it."""
    if rule.is_schedule:
        return "write enabled: true under warm in the spec, then " + sync(subject)
    return f"aws events enable-rule --name {rule.name} --region {subject.region}"


def deploy(subject: Subject) -> str:
    """Make what is not there."""
    return f"backendctl deploy -r {subject.region}" if subject.is_in_spec else ""


def warm(subject: Subject) -> str:
    """Call it once, where nobody did."""
    return f"backendctl warm {subject.function} -r {subject.region}" if subject.is_in_spec else ""


def start_warming(subject: Subject) -> str:
    """Have a rule where there is none."""
    if subject.is_in_spec:
        return "add `warm` to the function in the spec, then backendctl deploy"
    return f"add an EventBridge rule of rate(5 minutes) whose target is {subject.called}"


def more_often(subject: Subject) -> str:
    """Shorten the interval."""
    if subject.wants_warmth:
        return f"a shorter `every` under `warm` in the spec, then {sync(subject)}"
    return f"a shorter schedule: aws events put-rule --name {subject.rules[0].name} --region {subject.region} …"


def more_instances(subject: Subject) -> str:
    """Hold more environments."""
    if subject.is_in_spec:
        return "more `instances` under `warm` in the spec, then backendctl deploy; or provisioned concurrency"
    return f"more targets of a rule that call {subject.called}, or provisioned concurrency"


def allocate(subject: Subject) -> str:
    """What to do while provisioned environments are not there."""
    if subject.allocation.startswith("FAILED"):
        return f"look into its log: {subject.log_group}; then {deploy(subject) or provision(subject)}"
    return f"wait for 1 to 3 minutes, then {look_closer(subject)}"


def provision(subject: Subject) -> str:
    """More provisioned concurrency."""
    if subject.wants_provisioned:
        return "a larger `provisioned` under `warm` in the spec, then backendctl deploy"
    return (
        f"aws lambda put-provisioned-concurrency-config --function-name {subject.physical} "
        f"--qualifier {subject.alias or subject.version} "
        f"--provisioned-concurrent-executions {subject.provisioned + 1} --region {subject.region}"
    )


def look_closer(subject: Subject) -> str:
    """Everything that is known of this row."""
    if subject.is_in_spec:
        return f"backendctl warm-status {subject.function} -r {subject.region} -v"
    return f"backendctl warm-status --function {subject.called} -r {subject.region} -v"
