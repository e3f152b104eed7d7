"""The user's own checks of one canary: which there are, and what they find."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from backendctl.endpoints import regional_url
from backendctl.release.asking import Place, ask
from backendctl.release.metric_checks import Sides, judge_metrics
from backendctl.release.outcome import Finding, Outcome
from backendctl.release.tests_check import ask_tests
from backendctl.resources.apigateway.served import qualifier
from backendctl.resources.lambda_ import lambda_reads
from backendctl.resources.lambda_.alias_canary import AliasCanary
from backendctl.spec.analysis import STAGE, AnswerCheck, MetricCheck, TestsCheck

if TYPE_CHECKING:
    from backendctl.backend import Backend
    from backendctl.release.metrics import Scope
    from backendctl.release.running import Serving


@dataclass(slots=True)
class Analysis:
    """Makes the checks, at each look anew; one through the stage is made once at each share, for it costs requests.

    Attributes:
        asks: whether canary and baseline are asked; whoever only looks asks nobody.
    """

    asks: bool = True
    _known: dict[tuple[str, str, str, float, str], Finding] = field(default_factory=dict)

    def findings(self, backend: Backend, one: Serving, scope: Scope) -> list[Finding]:
        """What every check of the spec says of this canary."""
        checks = backend.spec.canary.analysis
        metrics = [check for check in checks if isinstance(check, MetricCheck)]
        answers = [check for check in checks if isinstance(check, AnswerCheck | TestsCheck)]
        found = judge_metrics(backend.aws, scope, metrics, sides_of(backend, one)) if metrics else []
        if answers and not self.asks:
            names = ", ".join(check.name for check in answers)
            return [*found, Finding(outcome=None, told=f"promote-canary checks answers as well: {names}")]
        return [*found, *(self._asked(backend, one, check) for check in answers)]

    def _asked(self, backend: Backend, one: Serving, check: AnswerCheck | TestsCheck) -> Finding:
        place = place_of(backend, one)
        if isinstance(check, TestsCheck):
            return ask_tests(backend, place, check)
        key = (one.region, one.stage, one.began, place.target_percent, check.name)
        if check.through != STAGE:
            return ask(backend.aws, place, check)
        known = self._known.get(key)
        if known is None or known.outcome is Outcome.INCONCLUSIVE:
            known = self._known[key] = ask(backend.aws, place, check)
        return known


def place_of(backend: Backend, one: Serving) -> Place:
    """Where to ask it."""
    api, endpoint = backend.spec.api, backend.settings.access.endpoint_url
    return Place(
        region=one.region,
        stage=one.stage,
        api_id=one.api_id,
        url=regional_url(one.api_id, one.region, one.stage, backend.aws, endpoint_url=endpoint),
        definition=api.document_named(one.stage) if api is not None else {},
        base=one.variables,
        canary=_canary_variables(one),
        target_percent=one.canary.percent if one.canary is not None else 0.0,
        access=one.access,
    )


def sides_of(backend: Backend, one: Serving) -> Sides:
    """The alias and the version of each function, on either side."""
    names = {function.physical: function.name for function in backend.spec.functions_in(one.region)}
    base: dict[tuple[str, str], str] = {}
    canary: dict[tuple[str, str], str] = {}
    if isinstance(one.canary, AliasCanary):
        name = names[one.canary.physical]
        base |= {("alias", name): one.canary.alias, ("version", name): one.canary.base}
        canary |= {("alias", name): one.canary.alias, ("version", name): one.canary.number}
        return Sides(base=base, canary=canary)
    after = _canary_variables(one)
    lambda_reads.read_ahead(backend.aws, one.functions, lambda_reads.aliases)
    for route in one.routes:
        aliases = lambda_reads.aliases(backend.aws, one.region, route.physical)
        for side, variables in ((base, one.variables), (canary, after)):
            alias = qualifier(route, variables)
            if route.physical in names and alias in aliases:
                side["alias", names[route.physical]] = alias
                side["version", names[route.physical]] = aliases[alias].version
    return Sides(base=base, canary=canary)


def _canary_variables(one: Serving) -> Mapping[str, str]:
    overrides = {} if one.canary is None or isinstance(one.canary, AliasCanary) else one.canary.variables or {}
    return {**one.variables, **overrides}
