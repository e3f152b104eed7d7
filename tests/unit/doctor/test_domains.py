"""What the doctor finds of domains: the certificates that serve them, and the health checks of their records."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from backendctl.aws.connection import Aws
from backendctl.backend import Backend
from backendctl.doctor.case import Case
from backendctl.doctor.certificates import certificate
from backendctl.doctor.dns import quota, shared_name
from backendctl.doctor.finding import Severity
from backendctl.draining.facts import _certificate as for_a_drain
from backendctl.spec import model
from backendctl.spec.domains import DomainSpec, HealthCheck
from tests.unit.resources.api_helpers import ACCOUNT, DOMAIN, EAST, WEST, mocked
from tests.unit.resources.api_helpers import context as world

NOW = 1_790_000_000.0
NEW, GIVEN = (f"arn:aws:acm:{EAST}:{ACCOUNT}:certificate/{name}" for name in ("new", "given"))
OTHER = "old.corkhounds.example"


@pytest.fixture
def aws() -> Iterator[Aws]:
    with mocked() as connection:
        connection.remember(("domain-names", EAST), {})
        connection.remember(("certificates", EAST, "ISSUED"), [])
        yield connection


def case(aws: Aws, *domains: DomainSpec, regions: tuple[str, ...] = (EAST,)) -> Case:
    """A backend with these domains."""
    spec = model.Spec(
        backend="corkhounds",
        file=Path("c.yaml"),
        regions=regions,
        functions=dict.fromkeys(regions, ()),
        domain=domains[0],
        further_domains=domains[1:],
    )
    nothing: Any = None
    backend = Backend(settings=nothing, spec=spec, aws=aws, context=world(spec))
    return Case(backend=backend, changes=nothing, today=date(2026, 9, 21), now=NOW)


def described(aws: Aws, found: dict[str, dict[str, Any]]) -> None:
    """ACM knows these by ARN."""

    def answer(*, params: Any, **_: Any) -> Any:
        arn = next(one for one in (NEW, GIVEN) if one in str(params["body"]))
        return (
            type("Answer", (), {"status_code": 200, "headers": {}})(),
            {"Certificate": {"CertificateArn": arn, **found[arn]}},
        )

    hook: Any = answer
    aws.acm(EAST).meta.events.register("before-call.acm.DescribeCertificate", hook)


def test_a_domain_without_a_certificate_is_bad_and_hides_no_other(aws: Aws) -> None:
    described(aws, {GIVEN: {"Status": "EXPIRED"}})
    found = list(
        certificate(
            case(aws, DomainSpec(name=DOMAIN, zone="z.example"), DomainSpec(name=OTHER, certificates={EAST: GIVEN})),
            EAST,
        )
    )
    assert [(one.severity, one.what) for one in found] == [
        (Severity.BAD, f"us-east-1 has no issued certificate for {DOMAIN}"),
        (Severity.BAD, f"the certificate {GIVEN} is EXPIRED"),
    ]
    assert found[0].next_step == f"have one requested: backendctl deploy --only certificate/{DOMAIN}"


def test_the_certificate_that_the_live_domain_uses_is_the_one_that_is_judged(aws: Aws) -> None:
    aws.remember(("domain-names", EAST), {DOMAIN: {"regionalCertificateArn": NEW}})
    described(aws, {NEW: {"Status": "REVOKED"}, GIVEN: {"Status": "ISSUED"}})
    given = case(aws, DomainSpec(name=DOMAIN, certificates={EAST: GIVEN}))
    assert [one.what for one in certificate(given, EAST)] == [f"the certificate {NEW} is REVOKED"]
    assert for_a_drain(given.backend, EAST, NOW) == f"the certificate of {DOMAIN} in us-east-1 is REVOKED"


def test_a_certificate_that_is_gone_is_bad_and_no_failure(aws: Aws) -> None:
    (found,) = certificate(case(aws, DomainSpec(name=DOMAIN, certificates={EAST: GIVEN})), EAST)
    assert found.what == f"the certificate {GIVEN} is no longer there"


def test_every_domain_with_routed_records_wants_a_health_check(aws: Aws) -> None:
    aws.remember(("health-checks",), [])
    first, second = DomainSpec(name=DOMAIN), DomainSpec(name=OTHER, zone="corkhounds.example")
    found = list(shared_name(case(aws, first, second, regions=(EAST, WEST))))
    assert [(one.severity, one.where) for one in found] == [(Severity.WARNING, f"global/domain/{OTHER}")]
    assert list(shared_name(case(aws, first, second))) == []


@pytest.mark.parametrize(("count", "told"), [(159, 0), (160, 1), (200, 1)])
def test_the_health_checks_of_the_account_are_counted_where_the_spec_has_one(aws: Aws, count: int, told: int) -> None:
    aws.remember(("health-checks",), [{}] * count)
    checked = DomainSpec(name=DOMAIN, zone="corkhounds.example", health_check=HealthCheck(path="/healthz"))
    found = list(quota(case(aws, checked)))
    assert [(one.where, one.what[:9]) for one in found] == [("global/quota/health checks", f"{count} of 20")] * told
    assert list(quota(case(aws, DomainSpec(name=DOMAIN)))) == []
