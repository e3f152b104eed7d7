"""Custom domains and their certificates."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from moto.acm.models import acm_backends

from backendctl.aws.connection import Aws
from backendctl.engine.action import Action
from backendctl.engine.plan import Change, Plan, change_of
from backendctl.errors import BackendctlError
from backendctl.resources.acm import certificates
from backendctl.resources.apigateway.domain import Domain
from backendctl.resources.apigateway.edge_domain import edge_refusals, edge_remarks
from backendctl.resources.route53.dns_refusals import refused_certificates
from backendctl.spec.domains import DomainSpec
from tests.unit.resources.api_helpers import (
    ACCOUNT,
    DOMAIN,
    EAST,
    WEST,
    Backplane,
    Calls,
    carry_out,
    changed,
    deploy,
    mocked,
    only,
    plan,
    spec,
)
from tests.unit.resources.api_helpers import (
    context as world,
)

WANTED = only(Domain, world(spec(domain=DomainSpec(name=DOMAIN, tags={"team": "maps"}))))


@pytest.fixture
def backplane() -> Backplane:
    return Backplane()


@pytest.fixture
def aws(backplane: Backplane) -> Iterator[Aws]:
    with mocked(backplane) as connection:
        yield connection


def certificate(aws: Aws, backplane: Backplane, name: str, *, region: str = EAST, issued: bool = True) -> str:
    """A certificate that ACM and API Gateway both know."""
    arn = aws.acm(region).request_certificate(DomainName=name, ValidationMethod="DNS")["CertificateArn"]
    acm_backends[ACCOUNT][region]._certificates[arn].status = "ISSUED" if issued else "PENDING_VALIDATION"
    backplane.certificates[arn] = {"Status": "ISSUED" if issued else "PENDING_VALIDATION", "DomainName": name}
    return arn


def live(aws: Aws) -> Any:
    return aws.apigateway(EAST).get_domain_name(domainName=DOMAIN)


def test_the_certificate_is_looked_up_and_the_domain_is_regional_and_marked(aws: Aws, backplane: Backplane) -> None:
    certificate(aws, backplane, "other.example")
    arn = certificate(aws, backplane, "*.corkhounds.example")
    deploy(aws, WANTED)
    found = live(aws)
    assert found["regionalCertificateArn"] == arn
    assert found["endpointConfiguration"]["types"] == ["REGIONAL"]
    assert found["securityPolicy"] == "TLS_1_2"
    assert found["tags"] == {"backendctl:backend": "corkhounds", "team": "maps"}


def test_without_a_certificate_the_user_is_told_how_to_request_one(aws: Aws) -> None:
    with pytest.raises(BackendctlError, match=f"no issued certificate for {DOMAIN}") as told:
        WANTED.create(aws)
    assert "aws acm request-certificate --region us-east-1" in told.value.hint
    with pytest.raises(BackendctlError, match=f"no issued certificate for {DOMAIN}") as told:
        changed(WANTED, zone="corkhounds.example").create(aws)
    assert told.value.hint == f"have one requested: backendctl deploy --only certificate/{DOMAIN}"


def test_a_certificate_of_another_region_is_refused_before_the_call(aws: Aws, backplane: Backplane) -> None:
    arn = certificate(aws, backplane, DOMAIN, region=WEST)
    with pytest.raises(BackendctlError, match="of its own region and account"):
        changed(WANTED, certificate=arn).create(aws)


def test_a_pending_certificate_is_refused_before_the_call(aws: Aws, backplane: Backplane) -> None:
    arn = certificate(aws, backplane, DOMAIN, issued=False)
    with pytest.raises(BackendctlError, match="is PENDING_VALIDATION, not ISSUED"):
        changed(WANTED, certificate=arn).create(aws)


def test_a_certificate_of_the_spec_that_cannot_serve_is_told_before_any_call(aws: Aws, backplane: Backplane) -> None:
    pending, good = certificate(aws, backplane, DOMAIN, issued=False), certificate(aws, backplane, DOMAIN)
    gone = f"{good[:-12]}000000000000"
    for arn, told in ((pending, "is PENDING_VALIDATION, not ISSUED"), (gone, f"{gone} is no longer there")):
        (refusal,) = refused_certificates(plan(aws, [changed(WANTED, certificate=arn)], Domain).changes, aws)
        assert refusal.startswith(f"{DOMAIN} in us-east-1: the certificate")
        assert told in refusal
    deploy(aws, changed(WANTED, certificate=good))
    turned = plan(aws, [changed(WANTED, certificate=good, security_policy="TLS_1_0")], Domain).changes
    calls = Calls(aws.acm(EAST), "acm")
    assert [*refused_certificates(turned, aws), *calls.names] == []


def test_a_certificate_left_out_of_the_spec_is_left_alone(aws: Aws, backplane: Backplane) -> None:
    certificate(aws, backplane, DOMAIN)
    deploy(aws, WANTED)
    certificate(aws, backplane, DOMAIN)
    assert plan(aws, [WANTED], Domain).changes == ()


def test_certificate_and_policy_change_in_one_call(aws: Aws, backplane: Backplane) -> None:
    certificate(aws, backplane, DOMAIN)
    deploy(aws, WANTED)
    arn = certificate(aws, backplane, DOMAIN)
    calls = Calls(aws.apigateway(EAST), "api-gateway")
    deploy(aws, changed(WANTED, certificate=arn, security_policy="TLS_1_0"))
    (update,) = calls.of("UpdateDomainName")
    assert [op["path"] for op in update["patchOperations"]] == ["/regionalCertificateArn", "/securityPolicy"]


def test_a_foreign_domain_is_marked_when_adopted(aws: Aws, backplane: Backplane) -> None:
    arn = certificate(aws, backplane, DOMAIN)
    aws.apigateway(EAST).create_domain_name(
        domainName=DOMAIN,
        regionalCertificateArn=arn,
        securityPolicy="TLS_1_2",
        endpointConfiguration={"types": ["REGIONAL"]},
    )
    (change,) = plan(aws, [WANTED], Domain).changes
    assert change.foreign
    deploy(aws, WANTED)
    assert live(aws)["tags"]["backendctl:backend"] == "corkhounds"


def test_create_when_ours_exists_by_now_is_fine(aws: Aws, backplane: Backplane) -> None:
    certificate(aws, backplane, DOMAIN)
    WANTED.create(aws)
    changed(WANTED, tags={"backendctl:backend": "corkhounds", "team": "web"}).create(aws)
    assert live(aws)["tags"]["team"] == "web"


def test_create_when_another_backend_has_it_by_now_stops(aws: Aws, backplane: Backplane) -> None:
    arn = certificate(aws, backplane, DOMAIN)
    aws.apigateway(EAST).create_domain_name(
        domainName=DOMAIN,
        regionalCertificateArn=arn,
        endpointConfiguration={"types": ["REGIONAL"]},
        tags={"backendctl:backend": "else"},
    )
    with pytest.raises(BackendctlError, match="by somebody else"):
        WANTED.create(aws)


def test_ours_is_offered_for_deletion_and_deleting_again_is_done(aws: Aws, backplane: Backplane) -> None:
    certificate(aws, backplane, DOMAIN)
    deploy(aws, WANTED)
    (change,) = plan(aws, [], Domain).changes
    assert (change.action, change.live is not None and change.live.stateful) == (Action.DELETE, True)
    carry_out(aws, change)
    carry_out(aws, change)
    assert aws.apigateway(EAST).get_domain_names()["items"] == []


@pytest.mark.parametrize(
    ("name", "fits"),
    [
        (DOMAIN, True),
        ("*.corkhounds.example", True),
        ("*.example", False),
        ("corkhounds.example", False),
        ("*.api.corkhounds.example", False),
    ],
)
def test_a_star_stands_for_one_label(name: str, fits: bool) -> None:  # noqa: FBT001  # a table's column
    assert certificates.covers(name, DOMAIN) is fits


def test_the_exact_name_goes_before_a_star_and_alternative_names_count() -> None:
    found: Any = [
        {"CertificateArn": "star", "DomainName": "*.corkhounds.example", "NotAfter": "2028"},
        {"CertificateArn": "exact", "DomainName": "x.example", "SubjectAlternativeNameSummaries": [DOMAIN]},
        {"CertificateArn": "other", "DomainName": "y.example"},
    ]
    assert certificates.best(found, DOMAIN) == "exact"
    assert certificates.best(found[:1], DOMAIN) == "star"
    assert certificates.best(found[2:], DOMAIN) is None


def edge(aws: Aws, backplane: Backplane) -> Any:
    """A domain that somebody made for the edge, with a simple record to its distribution."""
    arn = certificate(aws, backplane, DOMAIN)
    made = aws.apigateway(EAST).create_domain_name(
        domainName=DOMAIN, certificateArn=arn, endpointConfiguration={"types": ["EDGE"]}
    )
    zone = aws.route53().create_hosted_zone(Name="corkhounds.example", CallerReference="z")["HostedZone"]["Id"]
    target: Any = {
        "HostedZoneId": made["distributionHostedZoneId"],
        "DNSName": made["distributionDomainName"],
        "EvaluateTargetHealth": False,
    }
    record: Any = {"Name": DOMAIN, "Type": "A", "AliasTarget": target}
    changes: Any = [{"Action": "CREATE", "ResourceRecordSet": record}]
    aws.route53().change_resource_record_sets(HostedZoneId=zone, ChangeBatch={"Changes": changes})
    aws.forget()
    return zone, record


def test_an_edge_domain_becomes_regional_in_two_runs_with_the_record_between(aws: Aws, backplane: Backplane) -> None:
    zone, record = edge(aws, backplane)
    first = plan(aws, [WANTED], Domain)
    (change,) = first.changes
    assert change.foreign
    assert {f.field: (f.before, f.after) for f in change.fields}["endpoint"] == ("EDGE", "REGIONAL")
    assert "latency routing cannot work on it" in edge_remarks(first)[0]
    carry_out(aws, change)
    both = live(aws)
    assert both["endpointConfiguration"]["types"] == ["EDGE", "REGIONAL"]
    assert both["regionalDomainName"]
    aws.forget()
    (again,) = plan(aws, [WANTED], Domain).changes
    assert [(f.field, f.before) for f in again.fields] == [("endpoint", "EDGE, REGIONAL")]
    (refusal,) = edge_refusals(replace(first, changes=(again,)), aws)
    with pytest.raises(BackendctlError, match="still leads to its edge-optimised endpoint") as told:
        carry_out(aws, again)
    assert refusal == f"{again.address}: {told.value.message}; {told.value.hint}"
    assert f"an alias with the hosted zone id {both['regionalHostedZoneId']}" in refusal
    point(aws, zone, record, both["regionalDomainName"])
    carry_out(aws, again)
    assert live(aws)["endpointConfiguration"]["types"] == ["REGIONAL"]
    assert "distributionDomainName" not in live(aws)
    aws.forget()
    assert plan(aws, [WANTED], Domain).changes == ()


def point(aws: Aws, zone: str, record: Any, host: str) -> None:
    """Move the record."""
    moved = {**record, "AliasTarget": {**record["AliasTarget"], "DNSName": host}}
    changes: Any = [{"Action": "UPSERT", "ResourceRecordSet": moved}]
    aws.route53().change_resource_record_sets(HostedZoneId=zone, ChangeBatch={"Changes": changes})


def test_the_edge_endpoint_of_a_name_whose_dns_is_not_seen_stays(aws: Aws, backplane: Backplane) -> None:
    zone, record = edge(aws, backplane)
    deploy_first(aws, WANTED)
    changes: Any = [{"Action": "DELETE", "ResourceRecordSet": record}]
    aws.route53().change_resource_record_sets(HostedZoneId=zone, ChangeBatch={"Changes": changes})
    aws.forget()
    (again,) = plan(aws, [WANTED], Domain).changes
    with pytest.raises(BackendctlError, match="no zone of this account has a record of") as told:
        carry_out(aws, again)
    assert f"point {DOMAIN} at {live(aws)['regionalDomainName']} where you keep its DNS" in told.value.hint
    assert "op=remove,path=/endpointConfiguration/types,value=EDGE" in told.value.hint
    assert live(aws)["endpointConfiguration"]["types"] == ["EDGE", "REGIONAL"]


def test_what_else_differs_is_changed_although_the_edge_endpoint_has_to_stay(aws: Aws, backplane: Backplane) -> None:
    edge(aws, backplane)
    deploy_first(aws, WANTED)
    (again,) = plan(aws, [changed(WANTED, security_policy="TLS_1_0")], Domain).changes
    with pytest.raises(BackendctlError, match="still leads to its edge-optimised endpoint"):
        carry_out(aws, again)
    assert live(aws)["securityPolicy"] == "TLS_1_0"
    assert live(aws)["endpointConfiguration"]["types"] == ["EDGE", "REGIONAL"]


def test_a_private_domain_is_refused_in_the_plan(aws: Aws) -> None:
    private = changed(WANTED, endpoint="PRIVATE")
    (reason,) = edge_refusals(Plan(backend="shop", regions=(EAST,), changes=(some(change_of(WANTED, private)),)), aws)
    assert "is a PRIVATE domain, which AWS never turns into a regional one; give the domain another name" in reason


def some(change: Change | None) -> Change:
    assert change is not None
    return change


def deploy_first(aws: Aws, wanted: Domain) -> None:
    """The first of two runs."""
    (change,) = plan(aws, [wanted], Domain).changes
    carry_out(aws, change)
    aws.forget()


def test_a_record_that_a_killed_run_left_at_the_edge_moves_before_the_edge_goes(aws: Aws, backplane: Backplane) -> None:
    zone, record = edge(aws, backplane)
    zoned = changed(WANTED, zone="corkhounds.example")
    deploy_first(aws, zoned)
    deploy_first(aws, zoned)  # the record waits for this change: it must not fail
    assert live(aws)["endpointConfiguration"]["types"] == ["EDGE", "REGIONAL"]
    point(aws, zone, record, live(aws)["regionalDomainName"])
    deploy_first(aws, zoned)
    assert live(aws)["endpointConfiguration"]["types"] == ["REGIONAL"]


@pytest.mark.parametrize(
    ("zone", "first", "second"),
    [
        ("corkhounds.example", "moves the record", "when they do not yet, it moves them"),
        (None, "where you keep its DNS", "where a zone of this account shows"),
    ],
)
def test_what_is_said_of_an_edge_domain_holds_with_and_without_a_zone(
    aws: Aws, backplane: Backplane, zone: str | None, first: str, second: str
) -> None:
    edge(aws, backplane)
    wanted = changed(WANTED, zone=zone)
    assert first in edge_remarks(plan(aws, [wanted], Domain))[0]
    deploy_first(aws, wanted)
    (told,) = edge_remarks(plan(aws, [wanted], Domain))
    assert second in told
    assert "by now" not in told


def test_a_pinned_truststore_is_unpinned_and_a_key_may_hold_an_at_sign(aws: Aws, backplane: Backplane) -> None:
    certificate(aws, backplane, DOMAIN)
    pinned = changed(WANTED, truststore="s3://trust/a@b.pem", truststore_version="v1")
    deploy(aws, pinned)
    mutual = live(aws)["mutualTlsAuthentication"]
    assert mutual == {"truststoreUri": "s3://trust/a@b.pem", "truststoreVersion": "v1"}
    deploy(aws, changed(pinned, truststore_version=""))
    assert live(aws)["mutualTlsAuthentication"] == {"truststoreUri": "s3://trust/a@b.pem"}
    deploy(aws, changed(pinned, truststore="s3://trust/other.pem", truststore_version="v2"))
    mutual = live(aws)["mutualTlsAuthentication"]
    assert mutual == {"truststoreUri": "s3://trust/other.pem", "truststoreVersion": "v2"}
    deploy(aws, WANTED)
    assert live(aws)["mutualTlsAuthentication"] == mutual


def test_while_a_region_has_a_name_for_the_edge_no_other_can_have_it(aws: Aws, backplane: Backplane) -> None:
    edge(aws, backplane)
    wanted = list(Domain.desired(world(spec(regions=(EAST, WEST), domain=DomainSpec(name=DOMAIN)))))
    (told,) = edge_refusals(plan(aws, wanted, Domain, regions=(EAST, WEST)), aws)
    assert told.startswith(f"us-west-2 cannot have {DOMAIN} while us-east-1 has it edge-optimised")
    assert edge_refusals(plan(aws, wanted[:1], Domain), aws) == ()
