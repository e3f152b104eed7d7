"""Endpoint configurations: EDGE, REGIONAL, PRIVATE and the IP address type."""

from __future__ import annotations

from backendctl.sandbox.apigateway.errors import bad_request, enum_complaint, refuse_invalid
from backendctl.sandbox.apigateway.model import Doc
from backendctl.sandbox.apigateway.patch import REPLACE_ONLY, Operation

TYPES = ("PRIVATE", "EDGE", "REGIONAL")
IP_TYPES = ("ipv4", "dualstack")


def check_endpoint_enums(endpoint: Doc, *, shape: str) -> None:
    """Refuse unknown words, all of them at once, types first (recorded)."""
    complaints = []
    types = endpoint.get("types") or []
    if any(each not in TYPES for each in types):
        listed = ", ".join(str(each) for each in types)
        complaints.append(
            f"Value '[{listed}]' at '{shape}.endpointConfiguration.types' failed to satisfy constraint: "
            f"Member must satisfy constraint: [Member must satisfy enum value set: [{', '.join(TYPES)}]]"
        )
    address = endpoint.get("ipAddressType")
    if address is not None and address not in IP_TYPES:
        at = f"{shape}.endpointConfiguration.ipAddressType"
        complaints.append(enum_complaint(value=address, at=at, allowed=", ".join(IP_TYPES)))
    refuse_invalid(complaints)


def complete_endpoint(endpoint: Doc | None) -> Doc:
    """The configuration AWS makes of what was sent; nothing sent is EDGE (A9)."""
    types = ["EDGE"] if endpoint is None else list(endpoint.get("types") or [])
    if not types:
        raise bad_request("REGIONAL Configuration and EDGE Configuration cannot be both DISABLED.")
    if len(types) > 1:
        raise bad_request("Cannot create an api with multiple Endpoint Types.")
    sent = endpoint or {}
    private = types == ["PRIVATE"]
    if private and sent.get("ipAddressType") == "ipv4":
        raise bad_request("Only dualstack ipAddressType is supported for Private APIs.")
    default = "dualstack" if private else "ipv4"
    document: Doc = {"types": types, "ipAddressType": sent.get("ipAddressType") or default}
    if sent.get("vpcEndpointIds"):
        document["vpcEndpointIds"] = list(sent["vpcEndpointIds"])
    return document


def endpoint_patches(info: Doc, listed: list[Operation]) -> None:
    """Apply patches below /endpointConfiguration: `replace /endpointConfiguration/types/EDGE` names the old type."""
    endpoint = dict(info["endpointConfiguration"])
    for operation in listed:
        _patch_one(endpoint, operation)
    check_endpoint_enums(endpoint, shape="updateRestApiInput")
    info["endpointConfiguration"] = complete_endpoint(endpoint)


def _patch_one(endpoint: Doc, operation: Operation) -> None:
    match operation.parts[1:]:
        case ["types", which]:
            if operation.op != "replace":
                raise bad_request(REPLACE_ONLY)
            if which not in {"0", *endpoint["types"]}:
                raise bad_request(f"Invalid patch path {operation.path}")
            _set_type(endpoint, operation.value or "")
        case ["ipAddressType"]:
            if operation.op != "replace":
                raise bad_request(REPLACE_ONLY)
            endpoint["ipAddressType"] = operation.value
        case ["vpcEndpointIds"] if operation.op in {"add", "remove"}:
            ids = [each for each in endpoint.get("vpcEndpointIds", []) if each != operation.value]
            endpoint["vpcEndpointIds"] = [*ids, operation.value] if operation.op == "add" else ids
        case _:
            raise bad_request(f"Invalid patch path {operation.path}")


def _set_type(endpoint: Doc, wanted: str) -> None:
    endpoint["types"] = [wanted]
    if wanted == "PRIVATE":
        endpoint["ipAddressType"] = "dualstack"
