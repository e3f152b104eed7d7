"""ACM: certificates in the shapes AWS shows them in, ISSUED once their DNS records stand, kept while they are used."""

from __future__ import annotations

import json
import re
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from backendctl.sandbox.corrections.answers import Refusal, retold
from backendctl.sandbox.corrections.service import CorrectedService, Doc, Handled, operations
from backendctl.sandbox.corrections.validation import Validation
from backendctl.sandbox.http import OK

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from backendctl.sandbox.http import Request, Response
    from backendctl.sandbox.timing import Pace

Certificate = dict[str, Any]

_LISTED_UNASKED = ("RSA_1024", "RSA_2048")
"""The kinds of keys ListCertificates gives unless it is asked for others."""

_OPTIONS = {"CertificateTransparencyLoggingPreference": "ENABLED", "Export": "DISABLED"}
_KEY_USAGES = ("DIGITAL_SIGNATURE", "KEY_ENCIPHERMENT")
_EXTENDED = (
    {"Name": "TLS_WEB_SERVER_AUTHENTICATION", "OID": "1.3.6.1.5.5.7.3.1"},
    {"Name": "TLS_WEB_CLIENT_AUTHENTICATION", "OID": "1.3.6.1.5.5.7.3.2"},
)
_TOKEN = re.compile(r"\w{1,32}", re.ASCII)
_HOUR = 3600.0
"""Seconds for which an idempotency token holds (F30); the clock's own, for a token is about a command said again."""
_WHEN_ISSUED = ("IssuedAt", "NotBefore", "NotAfter")


@dataclass(kw_only=True, slots=True)
class Certificates(CorrectedService):
    """ACM in front of the emulated one.

    Attributes:
        users: ARNs of what uses a certificate (region, ARN), custom domain names above all.
        clock: epoch seconds.
    """

    users: Callable[[str, str], list[str]]
    pace: Pace
    clock: Callable[[], float] = time.time
    _tokens: dict[tuple[str, str, str], tuple[str, float]] = field(default_factory=dict)
    _validation: Validation = field(init=False)

    def __post_init__(self) -> None:
        self._validation = Validation(inner=self.inner, pace=self.pace)

    async def _describe(self, request: Request, _asked: Doc) -> Handled:
        answer = await self._settled(request)
        if answer.status != OK:
            return answer
        certificate = json.loads(answer.body)["Certificate"]
        return retold(answer, {"Certificate": self._described(request.region, certificate)})

    async def _list(self, request: Request, asked: Doc) -> Handled:
        answer = await self._settled(request)
        if answer.status != OK:
            return answer
        document = json.loads(answer.body)
        wanted = (asked.get("Includes") or {}).get("keyTypes") or _LISTED_UNASKED
        every = [await self._read(request.region, one["CertificateArn"]) for one in document["CertificateSummaryList"]]
        shown = [
            self._listed(request.region, one) for one in every if one is not None and one["KeyAlgorithm"] in wanted
        ]
        return retold(answer, {**document, "CertificateSummaryList": shown})

    async def _settled(self, request: Request) -> Response:
        await self._validation.settle(request.region)
        return await self.inner.forward(request)

    async def _request(self, request: Request, asked: Doc) -> Handled:
        """A new certificate, or the one that the same token has asked for within the hour (F30)."""
        token = asked.get("IdempotencyToken")
        if token is not None and not _TOKEN.fullmatch(str(token)):
            message = (
                f"1 validation error detected: Value '{token}' at 'idempotencyToken' failed to satisfy constraint: "
                "Member must satisfy regular expression pattern: \\w+"
            )
            return Refusal(code="ValidationException", message=message)
        rest = json.dumps({name: value for name, value in asked.items() if name != "IdempotencyToken"}, sort_keys=True)
        key = (request.region, str(token), rest)
        arn, until = self._tokens.get(key, ("", 0.0))
        if token is not None and self.clock() < until and await self._read(request.region, arn) is not None:
            answer = Refusal(code="", message="", status=OK).json_rpc()
            return retold(answer, {"CertificateArn": arn})
        answer = await self.inner.forward(request)
        if answer.status == OK:
            made = json.loads(answer.body)["CertificateArn"]
            self._tokens[key] = (made, self.clock() + _HOUR)
            if asked.get("ValidationMethod") == "DNS":
                self._validation.begin(request.region, made)
        return answer

    async def _delete(self, request: Request, asked: Doc) -> Handled:
        """Refused while something uses it, and some minutes longer (F32)."""
        arn = str(asked.get("CertificateArn", ""))
        if not self.users(request.region, arn):
            return None
        message = f"Certificate {arn} in account {request.account} is in use."
        return Refusal(code="ResourceInUseException", message=message)

    async def _read(self, region: str, arn: str) -> Certificate | None:
        answer = await self.ask(region, "DescribeCertificate", {"CertificateArn": arn})
        return None if answer is None else answer["Certificate"]

    def _described(self, region: str, certificate: Certificate) -> Certificate:
        hidden = {"Tags", *(() if certificate["Status"] == "ISSUED" else _WHEN_ISSUED)}
        shown = {name: value for name, value in certificate.items() if name not in hidden}
        return {
            **shown,
            **self._about(region, certificate),
            "DomainValidationOptions": self._validation.shown(certificate),
            **({} if certificate.get("Type") == "IMPORTED" else {"Issuer": "Amazon"}),
            "Subject": f"CN={certificate['DomainName']}",
            "KeyUsages": [{"Name": name} for name in _KEY_USAGES],
            "ExtendedKeyUsages": list(_EXTENDED),
            "Options": {**_OPTIONS, **certificate.get("Options", {})},
        }

    def _listed(self, region: str, certificate: Certificate) -> Certificate:
        kept = ["CertificateArn", "DomainName", "Status", "Type", "CreatedAt"]
        kept += _WHEN_ISSUED if certificate["Status"] == "ISSUED" else ()
        about = self._about(region, certificate)
        return {
            **{name: certificate[name] for name in kept if name in certificate},
            "KeyAlgorithm": about["KeyAlgorithm"],
            "RenewalEligibility": about["RenewalEligibility"],
            "SubjectAlternativeNameSummaries": certificate["SubjectAlternativeNames"],
            "HasAdditionalSubjectAlternativeNames": False,
            "KeyUsages": list(_KEY_USAGES),
            "ExtendedKeyUsages": [usage["Name"] for usage in _EXTENDED],
            "InUse": bool(about["InUseBy"]),
            "Exported": False,
        }

    def _about(self, region: str, certificate: Mapping[str, Any]) -> Certificate:
        """What both tell: a certificate nothing uses is not renewed."""
        users = [*certificate.get("InUseBy", ()), *self.users(region, certificate["CertificateArn"])]
        return {
            "KeyAlgorithm": certificate["KeyAlgorithm"].replace("_", "-", 1),
            "RenewalEligibility": "ELIGIBLE" if users else "INELIGIBLE",
            "InUseBy": users,
        }

    service = "acm"
    target = "CertificateManager"
    handlers = operations(
        RequestCertificate=_request,
        DeleteCertificate=_delete,
        DescribeCertificate=_describe,
        ListCertificates=_list,
    )
