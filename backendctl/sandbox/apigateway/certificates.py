"""Client certificates: what API Gateway shows to HTTP backends. They are made and kept; no backend sees them here."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from backendctl.sandbox.apigateway import patch
from backendctl.sandbox.apigateway.call import Call, accepted, answer, created, page
from backendctl.sandbox.apigateway.errors import bad_request, not_found
from backendctl.sandbox.apigateway.model import Doc, new_id
from backendctl.sandbox.http import Response

VALID_FOR = timedelta(days=365)


def generate(call: Call) -> Response:
    body = call.body()
    begins = datetime.fromtimestamp(call.now, tz=UTC)
    document: Doc = {
        "clientCertificateId": new_id(),
        "pemEncodedCertificate": _self_signed(begins),
        "createdDate": call.stamp(),
        "expirationDate": int((begins + VALID_FOR).timestamp()),
    }
    if body.get("description"):
        document["description"] = str(body["description"])
    if body.get("tags"):
        document["tags"] = dict(body["tags"])
    call.region.certificates[document["clientCertificateId"]] = document
    return created(document)


def _self_signed(begins: datetime) -> str:
    from cryptography import x509  # noqa: PLC0415 - takes a while; few backends have client certificates
    from cryptography.hazmat.primitives import hashes, serialization  # noqa: PLC0415 - the same
    from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415 - the same
    from cryptography.x509.oid import NameOID  # noqa: PLC0415 - the same

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "ApiGateway")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(begins + VALID_FOR)
        .sign(key, hashes.SHA256())
    )
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


def _certificate(call: Call) -> Doc:
    found = call.region.certificates.get(call.params["certificate"])
    if found is None:
        raise not_found("Invalid Client Certificate identifier specified")
    return found


def read(call: Call) -> Response:
    return answer(_certificate(call))


def read_all(call: Call) -> Response:
    return page(call, list(call.region.certificates.values()))


def update(call: Call) -> Response:
    listed = patch.operations(call, shape="updateClientCertificateInput")
    changed = patch.patched(_certificate(call), listed, patch.Rules(scalars={"/description": patch.text_or_none}))
    call.region.certificates[changed["clientCertificateId"]] = changed
    return answer(changed)


def delete(call: Call) -> Response:
    found = _certificate(call)["clientCertificateId"]
    stages = [stage for api in call.region.apis.values() for stage in api.stages.values()]
    if any(stage.get("clientCertificateId") == found for stage in stages):
        raise bad_request("Client certificate is in use by a stage")
    del call.region.certificates[found]
    return accepted()


def check(call: Call, certificate_id: str) -> None:
    """Refuse the id of a certificate that does not exist.

    Raises:
        ApiError: BadRequest.
    """
    if certificate_id and certificate_id not in call.region.certificates:
        raise bad_request("Invalid client certificate ID specified")
