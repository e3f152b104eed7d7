"""API keys and usage plans."""

from __future__ import annotations

import re
import secrets
import string

from backendctl.sandbox.apigateway import patch
from backendctl.sandbox.apigateway.call import Call, accepted, answer, created, flag, page
from backendctl.sandbox.apigateway.errors import bad_request, conflict, not_found
from backendctl.sandbox.apigateway.model import Doc, Region, new_id
from backendctl.sandbox.http import Response

LONGEST_NAME = 1024
LONGEST_DESCRIPTION = 125_000
SHORTEST_VALUE, LONGEST_VALUE = 20, 128
VALUE_LENGTH = 40
PERIODS = ("DAY", "WEEK", "MONTH")
METHOD_THROTTLE = re.compile(
    r"/apiStages/(?P<api>[^:/]+):(?P<stage>[^/]+)/throttle/(?P<method>/.*)/(?P<limit>rateLimit|burstLimit)"
)


def create_key(call: Call) -> Response:
    body = call.body()
    _check_key(body)
    value = body.get("value") or "".join(
        secrets.choice(string.ascii_letters + string.digits) for _ in range(VALUE_LENGTH)
    )
    if any(each["value"] == value for each in call.region.keys.values()):
        raise conflict("API Key already exists")
    key: Doc = {
        "id": new_id(10),
        "value": value,
        "enabled": bool(body.get("enabled")),
        "createdDate": call.stamp(),
        "lastUpdatedDate": call.stamp(),
        "stageKeys": [],
    }
    key.update({name: body[name] for name in ("name", "description", "customerId") if body.get(name)})
    if body.get("tags"):
        key["tags"] = dict(body["tags"])
    call.region.keys[key["id"]] = key
    return created(key)


def _check_key(body: Doc) -> None:
    if len(body.get("name") or "") > LONGEST_NAME:
        raise bad_request(f"Invalid API Key name, can be at most {LONGEST_NAME} characters.")
    _description(body.get("description") or "")
    value = body.get("value") or ""
    if value and len(value) < SHORTEST_VALUE:
        raise bad_request(f"API Key value should be at least {SHORTEST_VALUE} characters")
    if len(value) > LONGEST_VALUE:
        raise bad_request(f"API Key value exceeds maximum size of {LONGEST_VALUE} characters")


def _description(value: str) -> str | None:
    if len(value) > LONGEST_DESCRIPTION:
        raise bad_request("Invalid API Key description specified.")
    return value or None


def shown_key(key: Doc, *, with_value: bool, with_tags: bool) -> Doc:
    document = {name: each for name, each in key.items() if with_value or name != "value"}
    if with_tags:
        document.setdefault("tags", {})
    return document


def _key(call: Call) -> Doc:
    found = call.region.keys.get(call.params["key"])
    if found is None:
        raise not_found("Invalid API Key identifier specified")
    return found


def read_key(call: Call) -> Response:
    with_value = flag(call.request.first("includeValue"))
    return answer(shown_key(_key(call), with_value=with_value, with_tags=True))


def read_keys(call: Call) -> Response:
    prefix = call.request.first("name") or ""
    with_values = flag(call.request.first("includeValues"))
    found = [each for each in call.region.keys.values() if str(each.get("name", "")).startswith(prefix)]
    return page(call, [shown_key(each, with_value=with_values, with_tags=False) for each in found])


def update_key(call: Call) -> Response:
    listed = patch.operations(call, shape="updateApiKeyInput")
    rules = patch.Rules(
        scalars={
            "/name": patch.text,
            "/description": _description,
            "/enabled": patch.boolean,
            "/customerId": patch.text,
        }
    )
    changed = patch.patched(_key(call), listed, rules)
    changed["lastUpdatedDate"] = call.stamp()
    call.region.keys[changed["id"]] = changed
    return answer(shown_key(changed, with_value=False, with_tags=True))


def delete_key(call: Call) -> Response:
    found = _key(call)["id"]
    del call.region.keys[found]
    for plan in call.region.plans.values():
        plan["keys"] = [each for each in plan["keys"] if each != found]
    return accepted()


def create_plan(call: Call) -> Response:
    body = call.body()
    plan: Doc = {"id": new_id(), "name": body.get("name"), "keys": []}
    if body.get("description"):
        plan["description"] = body["description"]
    plan["apiStages"] = []
    for each in body.get("apiStages") or []:
        throttle = {"throttle": dict(each["throttle"])} if each.get("throttle") else {}
        plan["apiStages"].append({**_api_stage(call, f"{each.get('apiId')}:{each.get('stage')}"), **throttle})
    if body.get("throttle"):
        plan["throttle"] = {
            "burstLimit": int(body["throttle"].get("burstLimit") or 0),
            "rateLimit": float(body["throttle"].get("rateLimit") or 0),
        }
    if body.get("quota"):
        plan["quota"] = _quota(body["quota"])
    if body.get("tags"):
        plan["tags"] = dict(body["tags"])
    call.region.plans[plan["id"]] = plan
    return created(shown_plan(plan, with_tags=False))


def _quota(sent: Doc) -> Doc:
    if sent.get("period") not in PERIODS or not isinstance(sent.get("limit"), int):
        raise bad_request(f"A quota needs a limit, and a period of {', '.join(PERIODS)}")
    return {"offset": 0, **sent}


def shown_plan(plan: Doc, *, with_tags: bool) -> Doc:
    document = {name: each for name, each in plan.items() if name != "keys"}
    if with_tags:
        document.setdefault("tags", {})
    return document


def _api_stage(call: Call, text: str) -> Doc:
    api_id, _, stage = text.partition(":")
    if not stage:
        raise bad_request("Invalid API Stage specified")
    api = call.region.apis.get(api_id)
    if api is None or stage not in api.stages:
        raise not_found("API Stage not found: " + text)
    return {"apiId": api_id, "stage": stage}


def _plan(call: Call) -> Doc:
    found = call.region.plans.get(call.params["plan"])
    if found is None:
        raise not_found("Invalid Usage Plan ID specified")
    return found


def read_plan(call: Call) -> Response:
    return answer(shown_plan(_plan(call), with_tags=True))


def read_plans(call: Call) -> Response:
    wanted = call.request.first("keyId")
    found = [each for each in call.region.plans.values() if wanted is None or wanted in each["keys"]]
    return page(call, [shown_plan(each, with_tags=False) for each in found])


PLAN_RULES = patch.Rules(
    scalars={
        "/name": patch.text,
        "/description": patch.text_or_none,
        "/productCode": patch.text_or_none,
        "/throttle/burstLimit": patch.integer,
        "/throttle/rateLimit": patch.number,
        "/quota/limit": patch.integer,
        "/quota/offset": patch.integer,
        "/quota/period": patch.text,
    }
)


def update_plan(call: Call) -> Response:
    listed = patch.operations(call, shape="updateUsagePlanInput")
    plan = _plan(call)
    special = [item for item in listed if item.path.startswith("/apiStages") or item.op == "remove"]
    changed = patch.patched(plan, [item for item in listed if item not in special], PLAN_RULES)
    for item in special:
        _update_stages(call, changed, item)
    if "quota" in changed:
        changed["quota"] = _quota(changed["quota"])
    call.region.plans[changed["id"]] = changed
    return answer(shown_plan(changed, with_tags=True))


def _update_stages(call: Call, plan: Doc, item: patch.Operation) -> None:
    if item.op == "remove" and item.path in {"/throttle", "/quota", "/description", "/productCode"}:
        plan.pop(item.parts[0], None)
    elif item.op == "add" and item.path == "/apiStages":  # A96
        wanted = _api_stage(call, item.value or "")
        if not any(_same_stage(each, wanted) for each in plan["apiStages"]):
            plan["apiStages"].append(wanted)
    elif item.op == "remove" and item.path == "/apiStages":
        api_id, _, stage = (item.value or "").partition(":")
        if not stage:
            raise bad_request("Invalid API Stage specified")
        kept = [each for each in plan["apiStages"] if (each["apiId"], each["stage"]) != (api_id, stage)]
        if len(kept) == len(plan["apiStages"]):
            raise not_found(f"Invalid API Stage {{api: {api_id}, stage: {stage}}} specified for usageplan {plan['id']}")
        plan["apiStages"] = kept
    elif item.op == "replace" and (found := METHOD_THROTTLE.fullmatch(item.path)) is not None:
        _throttle_method(plan, found, item.value or "")
    else:
        raise bad_request(f"Invalid patch path {item.path}")


def _throttle_method(plan: Doc, found: re.Match[str], value: str) -> None:
    """One limit of one method: "/pets/GET", whose slashes are not escaped."""
    wanted = {"apiId": found["api"], "stage": found["stage"]}
    link = next((each for each in plan["apiStages"] if _same_stage(each, wanted)), None)
    if link is None:
        raise not_found(f"Invalid API Stage {{api: {found['api']}, stage: {found['stage']}}} specified for usageplan")
    limits = link.setdefault("throttle", {}).setdefault(found["method"], {"burstLimit": 0, "rateLimit": 0.0})
    limits[found["limit"]] = patch.number(value) if found["limit"] == "rateLimit" else patch.integer(value)


def delete_plan(call: Call) -> Response:
    plan = _plan(call)
    if plan["apiStages"]:
        raise bad_request(
            "Cannot delete Usage Plan because API stages are still associated with it. "
            "Please remove all associated API stages and try again."
        )
    del call.region.plans[plan["id"]]
    return accepted()


def _plan_key(key: Doc, *, with_value: bool) -> Doc:
    document: Doc = {"id": key["id"], "type": "API_KEY"}
    if key.get("name"):
        document["name"] = key["name"]
    if with_value:
        document["value"] = key["value"]
    return document


def create_plan_key(call: Call) -> Response:
    plan = _plan(call)
    key = call.region.keys.get(str(call.body().get("keyId")))
    if key is None:
        raise not_found("Invalid API Key identifier specified")
    if key["id"] in plan["keys"]:
        raise conflict("Usage Plan Key already exists")
    for other in call.region.plans.values():
        if key["id"] in other["keys"] and any(
            _same_stage(one, each) for one in other["apiStages"] for each in plan["apiStages"]
        ):
            raise conflict("The API key is already associated with another usage plan for the same API stage")
    plan["keys"].append(key["id"])
    return created(_plan_key(key, with_value=True))


def _attached(call: Call) -> Doc:
    plan = _plan(call)
    if call.params["key"] not in plan["keys"]:
        raise not_found("Invalid Usage Plan Key ID specified")
    return call.region.keys[call.params["key"]]


def read_plan_key(call: Call) -> Response:
    return answer(_plan_key(_attached(call), with_value=True))


def read_plan_keys(call: Call) -> Response:
    keys = [call.region.keys[each] for each in _plan(call)["keys"]]
    return page(call, [_plan_key(each, with_value=True) for each in keys])


def delete_plan_key(call: Call) -> Response:
    _plan(call)["keys"].remove(_attached(call)["id"])
    return accepted()


def _same_stage(one: Doc, other: Doc) -> bool:
    return (one["apiId"], one["stage"]) == (other["apiId"], other["stage"])


def key_for(region: Region, *, value: str | None, api_id: str, stage: str) -> tuple[Doc, Doc] | None:
    """The enabled key with this value and the usage plan that ties it to the stage, if there are."""
    here = {"apiId": api_id, "stage": stage}
    for plan in region.plans.values():
        if not any(_same_stage(each, here) for each in plan["apiStages"]):
            continue
        for key_id in plan["keys"]:
            key = region.keys[key_id]
            if value is not None and key["value"] == value and key["enabled"]:
                return key, plan
    return None
