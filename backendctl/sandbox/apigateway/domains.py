"""Custom domain names (A79 to A93)."""

from __future__ import annotations

import copy
import hashlib
import re
from dataclasses import replace

from backendctl.sandbox.apigateway import patch
from backendctl.sandbox.apigateway.call import Call, accepted, answer, created, page
from backendctl.sandbox.apigateway.endpoints import check_endpoint_enums, complete_endpoint, endpoint_patches
from backendctl.sandbox.apigateway.errors import bad_request, conflict, not_found, refuse_missing
from backendctl.sandbox.apigateway.model import Doc, Domain, Region, new_id
from backendctl.sandbox.apigateway.under_way import CERTIFICATE_LEFT, DOMAIN_CREATED, DOMAIN_UPDATED
from backendctl.sandbox.http import Response

AVAILABLE = "AVAILABLE"
_TYPES = "/endpointConfiguration/types"
IN_PROGRESS = "There is already an update in progress"
EXISTS = "The domain name you provided already exists."
CLOUDFRONT_ZONE = "Z2FDTNDATAQYW2"
# The zones AWS publishes for regional API Gateway endpoints; regions not listed get a stable made-up one.
HOSTED_ZONES = {
    "af-south-1": "Z2DHW2332DAMTN",
    "ap-east-1": "Z3FD1VL90ND7K5",
    "ap-northeast-1": "Z1YSHQZHG15GKL",
    "ap-northeast-2": "Z20JF4UZKIW1U8",
    "ap-northeast-3": "Z22ILHG95FLSZ2",
    "ap-south-1": "Z3VO1THU9YC4UR",
    "ap-southeast-1": "ZL327KTPIQFUL",
    "ap-southeast-2": "Z2RPCDW04V8134",
    "ca-central-1": "Z19DQILCV0OWEC",
    "eu-central-1": "Z1U9ULNL0V5AJ3",
    "eu-north-1": "Z3UWIKFBOOGXPP",
    "eu-south-1": "Z3BT4WSQ9TDYZV",
    "eu-west-1": "ZLY8HYME6SFDD",
    "eu-west-2": "ZJ5UAJN8Y3Z2Q",
    "eu-west-3": "Z3KY65QIEKYHQQ",
    "me-south-1": "Z20ZBPC0SS8806",
    "sa-east-1": "ZCMLWB8V5SYIT",
    "us-east-1": "Z1UJRXOUMOOFQ8",
    "us-east-2": "ZOJJZC49E0EPZ",
    "us-west-1": "Z2MUQ32089INYE",
    "us-west-2": "Z2OJLYMUO9EFXC",
}
_CERTIFICATE = re.compile(r"[^:]*:[^:]*:acm:(?P<region>[^:]*):(?P<account>[^:]*):")
DOMAIN = re.compile(r"(\*\.)?([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}")
COPIED = (
    "securityPolicy",
    "endpointAccessMode",
    "ownershipVerificationCertificateArn",
    "mutualTlsAuthentication",
    "policy",
    "routingMode",
)


def hosted_zone(region: str) -> str:
    made_up = "Z" + hashlib.sha256(region.encode()).hexdigest()[:13].upper()
    return HOSTED_ZONES.get(region, made_up)


def shown(call: Call, info: Doc, *, with_tags: bool) -> Doc:
    """A domain name with the state it is in by now (A83)."""
    state = call.under_way.state(_key(call, info))
    document = dict(info) if state is None else {**info, "domainNameStatus": state}
    if with_tags or document.get("tags"):
        document["tags"] = dict(document.get("tags", {}))
    return document


def _key(call: Call, info: Doc) -> tuple[str, ...]:
    return call.request.region, info["domainName"]


async def create(call: Call) -> Response:
    body = call.body()
    name = str(body.get("domainName") or "").lower()
    if not name:
        refuse_missing(at="createDomainNameInput.domainName")
    if not DOMAIN.fullmatch(name):
        raise bad_request("Invalid domain name specified")
    check_endpoint_enums(body.get("endpointConfiguration") or {}, shape="createDomainNameInput")
    endpoint = complete_endpoint(body.get("endpointConfiguration"))
    info: Doc = {
        "domainName": name,
        "domainNameArn": f"arn:aws:apigateway:{call.request.region}::/domainnames/{name}",
        "endpointConfiguration": endpoint,
        "domainNameStatus": AVAILABLE,
        "securityPolicy": "TLS_1_2",
        "routingMode": "BASE_PATH_MAPPING_ONLY",
    }
    info.update({key: body[key] for key in COPIED if body.get(key)})
    if body.get("tags"):
        info["tags"] = dict(body["tags"])
    _refuse_taken(call, name, endpoint)
    await _set_certificate(call, info, body)
    _set_targets(call, info)
    _refuse_taken(call, name, endpoint)  # another creation may have run while ACM was asked
    call.region.domains[name] = Domain(info=info)
    call.under_way.begin(_key(call, info), DOMAIN_CREATED)
    return created(shown(call, info, with_tags=False))


def _refuse_taken(call: Call, name: str, endpoint: Doc) -> None:
    """A81; an EDGE name is unique world-wide, a REGIONAL one in its region (A82)."""
    edge = endpoint["types"] == ["EDGE"]
    elsewhere = [
        "EDGE" in region.domains[name].info["endpointConfiguration"]["types"]
        for region in call.regions.values()
        if name in region.domains
    ]
    if name in call.region.domains or any(elsewhere) or (edge and elsewhere):
        raise bad_request(EXISTS)


def _regional(info: Doc) -> bool:
    return bool(info["endpointConfiguration"]["types"] != ["EDGE"])


async def _set_certificate(call: Call, info: Doc, body: Doc) -> None:
    member = "regionalCertificateArn" if _regional(info) else "certificateArn"
    arn = body.get(member)
    if not arn:
        kind = info["endpointConfiguration"]["types"][0]
        raise bad_request(f"Invalid certificate specified: {member} must be set for a {kind} domain name")
    home = call.request.region if _regional(info) else "us-east-1"  # A79
    await _check_certificate(call, str(arn), home=home, domain=info["domainName"])
    info[member] = arn
    info["certificateUploadDate"] = call.stamp()


async def _check_certificate(call: Call, arn: str, *, home: str, domain: str) -> None:
    """A79, A80: in the right region, of this account, ISSUED, and for this name."""
    found = _CERTIFICATE.match(arn)
    if found is None:
        raise bad_request("Invalid ARN specified in the request")
    if found["region"] != home:
        raise bad_request(f"Invalid certificate ARN: {arn}. Certificate must be in '{home}'.")
    certificate = await call.backplane.certificate(home, arn)
    if found["account"] != call.request.account or certificate is None:
        raise bad_request("The certificate provided must be owned by the account creating the domain")
    if certificate.get("Status") != "ISSUED":
        raise bad_request(
            f"Invalid certificate ARN: {arn}. Certificate status is {certificate.get('Status')}, must be ISSUED."
        )
    names = {certificate.get("DomainName"), *(certificate.get("SubjectAlternativeNames") or [])}
    if not any(_covers(str(each), domain) for each in names if each):
        raise bad_request("The domain name to be created is not covered by the provided certificate.")


def _covers(name: str, domain: str) -> bool:
    if name.startswith("*.") and not domain.startswith("*."):
        return domain.partition(".")[2] == name[2:]
    return name == domain


def _set_targets(call: Call, info: Doc) -> None:
    region = call.request.region
    if _regional(info):
        info["regionalDomainName"] = f"d-{new_id(10)}.execute-api.{region}.amazonaws.com"
        info["regionalHostedZoneId"] = hosted_zone(region)
    else:
        info["distributionDomainName"] = f"d{new_id(13)}.cloudfront.net"
        info["distributionHostedZoneId"] = CLOUDFRONT_ZONE


def domain_of(call: Call) -> Domain:
    found = call.region.domains.get(call.params["domain"].lower())
    if found is None:
        raise not_found("Invalid domain name identifier specified")
    return found


def read(call: Call) -> Response:
    return answer(shown(call, domain_of(call).info, with_tags=True))


def read_all(call: Call) -> Response:
    return page(call, [shown(call, each.info, with_tags=False) for each in call.region.domains.values()])


RULES = patch.Rules(
    scalars={
        "/regionalCertificateArn": patch.text,
        "/certificateArn": patch.text,
        "/certificateName": patch.text,
        "/regionalCertificateName": patch.text,
        "/securityPolicy": patch.text,
        "/endpointAccessMode": patch.text_or_none,
        "/routingMode": patch.text,
        "/policy": patch.text_or_none,
        "/ownershipVerificationCertificateArn": patch.text_or_none,
        "/mutualTlsAuthentication/truststoreUri": patch.text_or_none,
        "/mutualTlsAuthentication/truststoreVersion": patch.text_or_none,
    }
)


async def update(call: Call) -> Response:
    listed = patch.operations(call, shape="updateDomainNameInput")
    domain = domain_of(call)
    if call.under_way.state(_key(call, domain.info)) is not None:
        raise conflict(IN_PROGRESS)
    moving = [item for item in listed if item.path == _TYPES]
    if moving:  # while it moves, a certificate is added
        listed = [replace(item, op="replace") if item.op == "add" and item.path != _TYPES else item for item in listed]
    endpoint = [item for item in listed if item.path.startswith("/endpointConfiguration") and item not in moving]
    rest = [item for item in listed if item not in endpoint and item not in moving]
    info = patch.patched(copy.deepcopy(domain.info), rest, RULES)
    endpoint_patches(info, endpoint) if endpoint else None
    for item in moving:
        _move(call, info, item)
    if any(item.path in {"/regionalCertificateArn", "/certificateArn"} for item in listed):
        await _set_certificate(call, info, info)
    if _regional(info) != _regional(domain.info) and not moving:
        _set_targets(call, info)
    if _certificates(info) != _certificates(domain.info):
        _leave(call, domain.info)
    domain.info = info
    call.under_way.begin(_key(call, info), DOMAIN_UPDATED)
    return answer(shown(call, info, with_tags=True))


def _move(call: Call, info: Doc, item: patch.Operation) -> None:
    """Add the other endpoint type, or take one of two away."""
    types: list[str] = info["endpointConfiguration"]["types"]
    if item.value not in {"EDGE", "REGIONAL"} or item.op not in {"add", "remove"}:
        raise bad_request(f"Invalid patch path {item.path}")
    if item.op == "add":
        if not info.get("regionalCertificateArn" if item.value == "REGIONAL" else "certificateArn"):
            raise bad_request(f"Invalid certificate specified: none is set for a {item.value} domain name")
        types.append(item.value)
        if item.value == "REGIONAL":
            _set_targets(call, info)
        return
    if types == [item.value] or item.value not in types:
        raise bad_request("REGIONAL Configuration and EDGE Configuration cannot be both DISABLED.")
    types.remove(item.value)
    gone = ("distribution", "certificateArn") if item.value == "EDGE" else ("regional",)
    for member in [name for name in info if name.startswith(gone)]:
        del info[member]


def using(regions: dict[str, Region], arn: str) -> list[str]:
    """ARNs of the domains that use a certificate."""
    every = [domain.info for region in regions.values() for domain in region.domains.values()]
    return [info["domainNameArn"] for info in every if arn in _certificates(info)]


def _certificates(info: Doc) -> set[str]:
    members = ("regionalCertificateArn", "certificateArn", "ownershipVerificationCertificateArn")
    return {str(info[member]) for member in members if info.get(member)}


def _leave(call: Call, info: Doc) -> None:
    for arn in _certificates(info):
        call.under_way.begin((arn.split(":")[3], arn), CERTIFICATE_LEFT)


def serving(domains: dict[str, Domain], host: str) -> Domain | None:
    """The custom domain that answers for a host name: of that very name, or the wildcard above it."""
    name = host.lower()
    return domains.get(name) or domains.get("*." + name.partition(".")[2])


def delete(call: Call) -> Response:
    """Delete the name with its mappings; no refusal of AWS is known (A91)."""
    info = domain_of(call).info
    del call.region.domains[info["domainName"]]
    call.under_way.end(_key(call, info))
    _leave(call, info)
    return accepted()
