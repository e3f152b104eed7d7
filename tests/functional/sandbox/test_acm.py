from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.functional.refusals import refused, unique
from tests.functional.sandboxed import EAST, WEST, eventually

if TYPE_CHECKING:
    from tests.functional.sandboxed import Sandbox


def _requested(sandbox: Sandbox) -> tuple[str, str]:
    name = f"{unique('api')}.example.com"
    made = sandbox.client("acm").request_certificate(
        DomainName=name, SubjectAlternativeNames=[name, f"*.{name}"], ValidationMethod="EMAIL"
    )
    return name, made["CertificateArn"]


def _listed(sandbox: Sandbox, arn: str, **asked: Any) -> list[dict[str, Any]]:
    found = sandbox.client("acm").list_certificates(**asked)["CertificateSummaryList"]
    return [item for item in found if item["CertificateArn"] == arn]


def test_a_list_tells_every_name_of_a_certificate_and_how_long_it_lasts(sandbox: Sandbox) -> None:
    name, arn = _requested(sandbox)
    (item,) = _listed(sandbox, arn, CertificateStatuses=["ISSUED"])
    assert item["SubjectAlternativeNameSummaries"] == [name, f"*.{name}"]
    assert item["NotAfter"] > item["NotBefore"]
    assert (item["KeyAlgorithm"], item["InUse"]) == ("RSA-2048", False)


def test_a_list_is_of_the_kinds_of_keys_that_are_asked_for(sandbox: Sandbox) -> None:
    _, arn = _requested(sandbox)
    assert _listed(sandbox, arn, Includes={"keyTypes": ["EC_prime256v1"]}) == []
    assert len(_listed(sandbox, arn, Includes={"keyTypes": ["EC_prime256v1", "RSA_2048"]})) == 1


def test_a_certificate_tells_whose_it_is(sandbox: Sandbox) -> None:
    name, arn = _requested(sandbox)
    shown = sandbox.client("acm").describe_certificate(CertificateArn=arn)["Certificate"]
    assert (shown["Issuer"], shown["Subject"]) == ("Amazon", f"CN={name}")
    assert (shown["Status"], shown["RenewalEligibility"]) == ("ISSUED", "INELIGIBLE")


def test_a_certificate_by_dns_waits_for_its_record_which_is_the_same_in_every_region(sandbox: Sandbox) -> None:
    zone = f"{unique('zone')}.example"
    route53 = sandbox.client("route53")
    made = route53.create_hosted_zone(Name=zone, CallerReference=zone)["HostedZone"]["Id"]
    arns = {
        region: sandbox.client("acm", region).request_certificate(
            DomainName=f"api.{zone}", SubjectAlternativeNames=[f"*.api.{zone}"], ValidationMethod="DNS"
        )["CertificateArn"]
        for region in (EAST, WEST)
    }

    def shown(region: str) -> dict[str, Any]:
        found: dict[str, Any] = sandbox.client("acm", region).describe_certificate(CertificateArn=arns[region])
        return found["Certificate"]  # type: ignore[no-any-return]

    def records() -> list[dict[str, Any]]:
        options = [option for region in arns for option in shown(region)["DomainValidationOptions"]]
        return [option["ResourceRecord"] for option in options if "ResourceRecord" in option]

    assert (shown(EAST)["Status"], "NotAfter" in shown(EAST)) == ("PENDING_VALIDATION", False)
    assert _listed(sandbox, arns[EAST], CertificateStatuses=["ISSUED"]) == []
    eventually(lambda: len(records()) == 4)
    assert len({(record["Name"], record["Value"]) for record in records()}) == 1
    record = {"Name": records()[0]["Name"], "Type": "CNAME", "TTL": 300}
    record["ResourceRecords"] = [{"Value": records()[0]["Value"]}]
    changes = [{"Action": "UPSERT", "ResourceRecordSet": record}]
    route53.change_resource_record_sets(HostedZoneId=made, ChangeBatch={"Changes": changes})
    eventually(lambda: {shown(region)["Status"] for region in arns} == {"ISSUED"})
    assert {option["ValidationStatus"] for option in shown(WEST)["DomainValidationOptions"]} == {"SUCCESS"}


def test_a_certificate_in_use_is_kept_until_some_time_after_its_domain(sandbox: Sandbox) -> None:
    name, arn = _requested(sandbox)
    acm, gateway = sandbox.client("acm"), sandbox.client("apigateway")
    gateway.create_domain_name(
        domainName=name, regionalCertificateArn=arn, endpointConfiguration={"types": ["REGIONAL"]}
    )
    told = refused(acm.delete_certificate, CertificateArn=arn)
    assert told.startswith("ResourceInUseException 400: ")
    shown = acm.describe_certificate(CertificateArn=arn)["Certificate"]
    assert (shown["InUseBy"], shown["RenewalEligibility"]) == (
        [f"arn:aws:apigateway:{EAST}::/domainnames/{name}"],
        "ELIGIBLE",
    )
    gateway.delete_domain_name(domainName=name)

    def gone() -> bool:
        try:
            acm.delete_certificate(CertificateArn=arn)
        except acm.exceptions.ResourceInUseException:
            return False
        return True

    eventually(gone)


def test_an_idempotency_token_asks_for_one_certificate(sandbox: Sandbox) -> None:
    acm, name, token = sandbox.client("acm"), f"{unique('api')}.example", unique("t").replace("-", "")

    def requested(**more: Any) -> str:
        made: str = acm.request_certificate(DomainName=name, IdempotencyToken=token, **more)["CertificateArn"]
        return made

    first = requested()
    assert requested() == first
    assert requested(ValidationMethod="DNS") != first
    assert acm.request_certificate(DomainName=name)["CertificateArn"] != first
    assert sandbox.client("acm", WEST).request_certificate(DomainName=name, IdempotencyToken=token) != first
    acm.delete_certificate(CertificateArn=first)
    assert requested() != first
    told = refused(acm.request_certificate, DomainName=name, IdempotencyToken="a-b")
    assert told.startswith("ValidationException 400: ")
