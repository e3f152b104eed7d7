"""Certificates that nobody gave: found, gone on with, or requested and validated in the zone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from moto.acm.models import acm_backends

from backendctl.aws.connection import Aws
from backendctl.engine.action import Action
from backendctl.errors import BackendctlError
from backendctl.resources.acm.certificate import Certificate
from backendctl.resources.apigateway.domain import Domain
from backendctl.resources.route53.dns_refusals import refused_records
from backendctl.spec.domains import DomainSpec
from tests.unit.resources.api_helpers import (
    ACCOUNT,
    DOMAIN,
    EAST,
    WEST,
    Backplane,
    Calls,
    deploy,
    mocked,
    only,
    plan,
    spec,
)
from tests.unit.resources.api_helpers import (
    context as world,
)

FRONT = DomainSpec(name=DOMAIN, zone="corkhounds.example", tags={"team": "maps"})
GIVEN = world(spec(regions=(EAST, WEST), domain=FRONT))
WANTED = only(Certificate, GIVEN)


@pytest.fixture
def aws() -> Iterator[Aws]:
    with mocked(Backplane()) as connection:
        connection.route53().create_hosted_zone(Name="corkhounds.example", CallerReference="z")
        yield connection


def turn(region: str, status: str) -> None:
    for certificate in acm_backends[ACCOUNT][region]._certificates.values():
        certificate.status = status


def cnames(aws: Aws) -> list[Any]:
    zone = aws.route53().list_hosted_zones()["HostedZones"][0]["Id"]
    found = aws.route53().list_resource_record_sets(HostedZoneId=zone)["ResourceRecordSets"]
    return [record for record in found if record["Type"] == "CNAME"]


@pytest.fixture
def issuing(aws: Aws) -> Aws:
    """ACM pends a new certificate, and issues it while somebody waits and its record stands."""

    def sleep(_: float) -> None:
        for region in (EAST, WEST):
            turn(region, "ISSUED" if cnames(aws) else "PENDING_VALIDATION")

    aws.sleep = sleep
    return aws


def test_one_is_requested_per_region_and_one_record_serves_all(issuing: Aws) -> None:
    aws = issuing
    calls = Calls(aws.acm(EAST), "acm")
    deploy(aws, *Certificate.desired(GIVEN))
    (asked,) = calls.of("RequestCertificate")
    assert (asked["DomainName"], asked["ValidationMethod"]) == (DOMAIN, "DNS")
    assert {tag["Key"]: tag["Value"] for tag in asked["Tags"]} == {"backendctl:backend": "corkhounds", "team": "maps"}
    assert len(asked["IdempotencyToken"]) == 32
    assert len(cnames(aws)) >= 1
    aws.forget()
    assert plan(aws, list(Certificate.desired(GIVEN)), Certificate, regions=(EAST, WEST)).changes == ()


def test_one_that_was_left_pending_is_gone_on_with(issuing: Aws) -> None:
    aws = issuing
    arn = aws.acm(EAST).request_certificate(DomainName=DOMAIN, ValidationMethod="DNS")["CertificateArn"]
    turn(EAST, "PENDING_VALIDATION")
    (change,) = plan(aws, [WANTED], Certificate).changes
    assert (change.action, change.foreign) == (Action.UPDATE, False)
    assert [(f.field, f.before, f.after) for f in change.fields] == [("status", "PENDING_VALIDATION", "ISSUED")]
    calls = Calls(aws.acm(EAST), "acm")
    aws.forget()
    WANTED.update(aws, WANTED)
    assert "RequestCertificate" not in calls.names
    assert list(acm_backends[ACCOUNT][EAST]._certificates) == [arn]


@pytest.mark.parametrize(("names", "method"), [(["www.else.example"], "DNS"), ([DOMAIN], "EMAIL")])
def test_one_that_waits_for_what_is_not_written_here_is_left_and_another_is_requested(
    issuing: Aws, names: list[str], method: str
) -> None:
    aws = issuing
    asked: Any = {"DomainName": DOMAIN, "SubjectAlternativeNames": names, "ValidationMethod": "DNS"}
    other = aws.acm(EAST).request_certificate(**asked)["CertificateArn"]

    def validated(*, parsed: Any, **_: Any) -> None:  # moto knows DNS only
        if parsed["Certificate"]["CertificateArn"] == other:
            parsed["Certificate"]["DomainValidationOptions"][0]["ValidationMethod"] = method

    hook: Any = validated
    aws.acm(EAST).meta.events.register("after-call.acm.DescribeCertificate", hook)
    turn(EAST, "PENDING_VALIDATION")
    (change,) = plan(aws, [WANTED], Certificate).changes
    assert change.action is Action.CREATE
    calls = Calls(aws.acm(EAST), "acm")
    aws.forget()
    WANTED.create(aws)
    assert "RequestCertificate" in calls.names
    assert set(acm_backends[ACCOUNT][EAST]._certificates) > {other}


def test_an_issued_one_of_anybodys_that_covers_the_name_is_enough(aws: Aws) -> None:
    aws.acm(EAST).request_certificate(DomainName="*.corkhounds.example", ValidationMethod="DNS")
    turn(EAST, "ISSUED")
    assert plan(aws, [WANTED], Certificate).changes == ()


def test_a_domain_that_stands_has_its_certificate_and_acm_is_not_asked(aws: Aws) -> None:
    aws.remember(("domain-names", EAST), {DOMAIN: {"regionalCertificateArn": "arn:x"}})
    calls = Calls(aws.acm(EAST), "acm")
    assert Certificate.read(aws, WANTED) == WANTED
    assert calls.names == []


def test_a_failed_one_is_told_and_the_next_run_requests_another(aws: Aws) -> None:
    aws.acm(EAST).request_certificate(DomainName=DOMAIN, ValidationMethod="DNS")
    turn(EAST, "PENDING_VALIDATION")
    aws.sleep = lambda _: turn(EAST, "VALIDATION_TIMED_OUT")
    with pytest.raises(BackendctlError, match="VALIDATION_TIMED_OUT") as told:
        WANTED.create(aws)
    assert told.value.hint == (
        "see that the name servers that the registrar names are those of the zone corkhounds.example; "
        "the same command requests another"
    )
    aws.forget()
    first = WANTED._requested(aws)
    assert len(acm_backends[ACCOUNT][EAST]._certificates) == 2
    assert first in acm_backends[ACCOUNT][EAST]._certificates


@pytest.mark.parametrize(
    ("reason", "hint"),
    [
        ("CAA_ERROR", f'let a CAA record of {DOMAIN}, or of a domain above it, allow Amazon: 0 issue "amazon.com"'),
        ("DOMAIN_NOT_ALLOWED", "see what ACM tells of it: aws acm describe-certificate --region us-east-1"),
    ],
)
def test_what_to_do_about_a_failed_one_depends_on_its_reason(aws: Aws, reason: str, hint: str) -> None:
    told: Any = {"Status": "FAILED", "FailureReason": reason}
    hook: Any = lambda **_: (SimpleNamespace(status_code=200, headers={}), {"Certificate": told})  # noqa: E731
    aws.acm(EAST).meta.events.register("before-call.acm.DescribeCertificate", hook)
    with pytest.raises(BackendctlError, match=f"is FAILED: {reason}$") as caught:
        WANTED._issued(aws, f"arn:aws:acm:{EAST}:{ACCOUNT}:certificate/x")
    assert caught.value.hint.startswith(hint)


def test_a_record_of_somebody_elses_in_the_place_of_the_validating_one_is_told_and_stays(issuing: Aws) -> None:
    aws = issuing
    arn = aws.acm(EAST).request_certificate(DomainName=DOMAIN, ValidationMethod="DNS")["CertificateArn"]
    turn(EAST, "PENDING_VALIDATION")
    (option,) = aws.acm(EAST).describe_certificate(CertificateArn=arn)["Certificate"]["DomainValidationOptions"]
    name = option["ResourceRecord"]["Name"]
    theirs: Any = {"Name": name, "Type": "CNAME", "TTL": 60, "ResourceRecords": [{"Value": "else.example."}]}
    zone = aws.route53().list_hosted_zones()["HostedZones"][0]["Id"]
    changes: Any = [{"Action": "CREATE", "ResourceRecordSet": theirs}]
    aws.route53().change_resource_record_sets(HostedZoneId=zone, ChangeBatch={"Changes": changes})
    aws.sleep = lambda _: None
    aws.forget()
    with pytest.raises(BackendctlError, match=r"has a record already, CNAME → else\.example\., and ACM wants CNAME"):
        WANTED.create(aws)
    assert [one["ResourceRecords"] for one in cnames(aws)] == [[{"Value": "else.example."}]]


def test_without_its_zone_no_certificate_is_requested(aws: Aws) -> None:
    wanted = replace(WANTED, zone="else.example")
    (told,) = refused_records(plan(aws, [wanted], Certificate).changes, aws)
    assert told.startswith(f"{DOMAIN}: there is no public hosted zone else.example in this account")


def test_with_a_certificate_in_the_spec_or_without_a_zone_none_is_requested() -> None:
    given = replace(FRONT, certificates={EAST: f"arn:aws:acm:{EAST}:{ACCOUNT}:certificate/x"})
    assert [one.region for one in Certificate.desired(world(spec(regions=(EAST, WEST), domain=given)))] == [WEST]
    assert list(Certificate.desired(world(spec(domain=replace(FRONT, zone=None))))) == []


def test_none_is_ever_deleted_and_the_domain_waits_for_its_own(aws: Aws) -> None:
    assert list(Certificate.owned(aws, EAST)) == []
    assert only(Domain, GIVEN).needs() == {f"us-east-1/certificate/{DOMAIN}"}
