"""Tags, by an ARN that has no account id in it (F17)."""

from __future__ import annotations

import re

from backendctl.sandbox.apigateway.call import Call, answer, no_content
from backendctl.sandbox.apigateway.errors import bad_request, not_found
from backendctl.sandbox.apigateway.model import Doc
from backendctl.sandbox.http import Response

ARN = re.compile(r"arn:aws[a-z-]*:apigateway:(?P<region>[a-z0-9-]+)::/(?P<path>.+)")
MOST_TAGS = 50


def _holder(call: Call) -> Doc:
    """The document whose "tags" member is that of the named thing.

    Raises:
        ApiError: BadRequest for an ARN of another shape or region, NotFound for what does not exist.
    """
    match = ARN.fullmatch(call.params["arn"])
    if match is None or match["region"] != call.request.region:
        raise bad_request("Invalid ARN specified in the request")
    region = call.region
    found: Doc | None = None
    match match["path"].split("/"):
        case ["restapis", api_id] if api_id in region.apis:
            found = {"tags": region.apis[api_id].tags}
        case ["restapis", api_id, "stages", name] if api_id in region.apis and name in region.apis[api_id].stages:
            found = region.apis[api_id].stages[name]
        case ["domainnames", name] if name in region.domains:
            found = region.domains[name].info
        case ["apikeys", key] if key in region.keys:
            found = region.keys[key]
        case ["usageplans", plan] if plan in region.plans:
            found = region.plans[plan]
    if found is None:
        raise not_found("Invalid resource identifier specified")
    return found


def read(call: Call) -> Response:
    return answer({"tags": dict(_holder(call).get("tags", {}))})


def put(call: Call) -> Response:
    holder = _holder(call)
    sent = call.body().get("tags")
    if not sent:
        raise bad_request("Invalid request input")
    if len({**holder.get("tags", {}), **sent}) > MOST_TAGS:
        raise bad_request(f"Too many tags: at most {MOST_TAGS} are allowed")
    holder.setdefault("tags", {}).update({str(key): str(value) for key, value in sent.items()})
    return no_content()


def remove(call: Call) -> Response:
    holder = _holder(call)
    for key in call.request.query.get("tagKeys", []):
        holder.get("tags", {}).pop(key, None)
    if not holder.get("tags"):
        holder.pop("tags", None)
    return no_content()
