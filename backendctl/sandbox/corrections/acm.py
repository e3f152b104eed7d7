"""ACM: certificates in the shapes AWS shows them in. They are ISSUED at once; nobody looks for their DNS records."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from backendctl.sandbox.corrections.answers import retold

if TYPE_CHECKING:
    from collections.abc import Mapping

    from backendctl.sandbox.http import Request, Response
    from backendctl.sandbox.inner import Inner

OK = 200
Certificate = dict[str, Any]

_TARGET = "CertificateManager"
_LISTED_UNASKED = ("RSA_1024", "RSA_2048")
"""The kinds of keys ListCertificates gives unless it is asked for others."""

_OPTIONS = {"CertificateTransparencyLoggingPreference": "ENABLED", "Export": "DISABLED"}
_KEY_USAGES = ("DIGITAL_SIGNATURE", "KEY_ENCIPHERMENT")
_EXTENDED = (
    {"Name": "TLS_WEB_SERVER_AUTHENTICATION", "OID": "1.3.6.1.5.5.7.3.1"},
    {"Name": "TLS_WEB_CLIENT_AUTHENTICATION", "OID": "1.3.6.1.5.5.7.3.2"},
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Certificates:
    """ACM in front of the emulated one."""

    inner: Inner

    async def handle(self, request: Request) -> Response:
        """Answer a request."""
        operation = request.headers.get("x-amz-target", "").rpartition(".")[2]
        answer = await self.inner.forward(request)
        if answer.status != OK or operation not in {"DescribeCertificate", "ListCertificates"}:
            return answer
        document = json.loads(answer.body)
        if operation == "DescribeCertificate":
            return retold(answer, {"Certificate": _described(document["Certificate"])})
        wanted = (request.json().get("Includes") or {}).get("keyTypes") or _LISTED_UNASKED
        every = [await self._read(request.region, one["CertificateArn"]) for one in document["CertificateSummaryList"]]
        shown = [_listed(one) for one in every if one is not None and one["KeyAlgorithm"] in wanted]
        return retold(answer, {**document, "CertificateSummaryList": shown})

    async def _read(self, region: str, arn: str) -> Certificate | None:
        answer = await self.inner.ask_json(
            service="acm", region=region, target=f"{_TARGET}.DescribeCertificate", document={"CertificateArn": arn}
        )
        return None if answer is None else answer["Certificate"]


def _described(certificate: Certificate) -> Certificate:
    shown = {name: value for name, value in certificate.items() if name != "Tags"}
    return {
        **shown,
        **_about(certificate),
        **({} if certificate.get("Type") == "IMPORTED" else {"Issuer": "Amazon"}),
        "Subject": f"CN={certificate['DomainName']}",
        "KeyUsages": [{"Name": name} for name in _KEY_USAGES],
        "ExtendedKeyUsages": list(_EXTENDED),
        "Options": {**_OPTIONS, **certificate.get("Options", {})},
    }


def _listed(certificate: Certificate) -> Certificate:
    kept = ("CertificateArn", "DomainName", "Status", "Type", "CreatedAt", "IssuedAt", "NotBefore", "NotAfter")
    return {
        **{name: certificate[name] for name in kept if name in certificate},
        **_about(certificate),
        "SubjectAlternativeNameSummaries": certificate["SubjectAlternativeNames"],
        "HasAdditionalSubjectAlternativeNames": False,
        "KeyUsages": list(_KEY_USAGES),
        "ExtendedKeyUsages": [usage["Name"] for usage in _EXTENDED],
        "InUse": bool(certificate.get("InUseBy")),
        "Exported": False,
    }


def _about(certificate: Mapping[str, Any]) -> Certificate:
    """What both tell: a certificate nothing uses is not renewed."""
    return {
        "KeyAlgorithm": certificate["KeyAlgorithm"].replace("_", "-", 1),
        "RenewalEligibility": "ELIGIBLE" if certificate.get("InUseBy") else "INELIGIBLE",
    }
