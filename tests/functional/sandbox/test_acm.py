from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.functional.refusals import unique

if TYPE_CHECKING:
    from tests.functional.sandboxed import Sandbox


def _requested(sandbox: Sandbox) -> tuple[str, str]:
    name = f"{unique('api')}.example.com"
    made = sandbox.client("acm").request_certificate(
        DomainName=name, SubjectAlternativeNames=[name, f"*.{name}"], ValidationMethod="DNS"
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
