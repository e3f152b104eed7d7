"""ImportRestApi and PutRestApi (A1 to A19)."""

from __future__ import annotations

import json
from typing import Any

from backendctl.sandbox.apigateway.call import Call, answer, created, flag
from backendctl.sandbox.apigateway.documentation import put_parts
from backendctl.sandbox.apigateway.endpoints import check_endpoint_enums, complete_endpoint
from backendctl.sandbox.apigateway.errors import ApiError, bad_request
from backendctl.sandbox.apigateway.import_methods import (
    MethodReader,
    put_authorizers,
    put_models,
    put_responses,
    put_validators,
)
from backendctl.sandbox.apigateway.model import Api, Definition, Doc
from backendctl.sandbox.apigateway.oas import Source, parse
from backendctl.sandbox.apigateway.resources import check_part
from backendctl.sandbox.apigateway.restapis import blank_info, compression, new_definition, shown, stored_policy
from backendctl.sandbox.http import Response

LARGEST_BODY = 6 * 1024 * 1024  # A13


def import_api(call: Call) -> Response:
    """ImportRestApi: always a new API (A2), EDGE unless told otherwise (A9)."""
    source = _source(call)
    info = blank_info(name=str(source.root["info"]["title"]), stamp=call.stamp())
    types = call.request.first("endpointConfigurationTypes")
    endpoint: Doc | None = {"types": types.split(",")} if types else None
    check_endpoint_enums(endpoint or {}, shape="importRestApiInput")
    info["endpointConfiguration"] = complete_endpoint(endpoint)
    definition = new_definition(info)
    warnings = _apply(call, source, definition, overwrite=True)
    api = Api(definition=definition)
    put_parts(api, source.extension("documentation") or {})
    call.region.apis[api.id] = api
    return created(_with_warnings(shown(api, with_tags=False), warnings))


def put_api(call: Call) -> Response:
    """PutRestApi: `merge` unless told to `overwrite` (A1); the document is parsed before the API is looked up."""
    source = _source(call)
    api = call.api()
    mode = call.request.first("mode", "merge")
    if mode not in {"merge", "overwrite"}:
        raise bad_request("Invalid mode specified. Must be one of: [merge, overwrite]")
    definition = api.definition.copy()
    if mode == "overwrite":
        _clear(definition)
    warnings = _apply(call, source, definition, overwrite=mode == "overwrite")
    api.definition = definition
    if mode == "overwrite":
        api.documentation.clear()
    put_parts(api, source.extension("documentation") or {})
    return answer(_with_warnings(shown(api, with_tags=True), warnings))


def _with_warnings(document: Doc, warnings: list[str]) -> Doc:
    return {**document, "warnings": warnings} if warnings else document


def _source(call: Call) -> Source:
    request = call.request
    if len(request.body) > LARGEST_BODY:
        raise ApiError(code="RequestEntityTooLargeException", message="Request entity too large", status=413)
    partition = "aws-cn" if request.region.startswith("cn-") else "aws"
    variables = {"Region": request.region, "AccountId": request.account, "Partition": partition}
    return Source(root=parse(request.body, variables))


def _clear(definition: Definition) -> None:
    """What an overwrite forgets (A3, A4); the root resource keeps its id, and so do paths that come back."""
    for resource in definition.resources.values():
        resource["methods"] = {}
    for part in (
        definition.models,
        definition.authorizers,
        definition.validators,
        definition.gateway_responses,
    ):
        part.clear()
    info = definition.info
    for key in ("policy", "binaryMediaTypes", "minimumCompressionSize", "description", "version"):
        info.pop(key, None)
    info["apiKeySource"] = "HEADER"
    info["disableExecuteApiEndpoint"] = False
    info["endpointConfiguration"].pop("vpcEndpointIds", None)


def _apply(call: Call, source: Source, definition: Definition, *, overwrite: bool) -> list[str]:
    """Write the document into the definition; gives the warnings (A11)."""
    warnings: list[str] = []
    _settings(call, source, definition, overwrite=overwrite)
    put_models(source, definition)
    put_validators(source, definition)
    put_authorizers(source, definition)
    put_responses(source, definition)
    prefix = _prefix(source, call.request.first("basepath", "ignore") or "ignore")
    reader = MethodReader(source=source, definition=definition, warnings=warnings)
    paths = {prefix + str(path) for path in source.root.get("paths") or {}}
    if overwrite:
        _drop_absent(definition, paths)
    for path, item in (source.root.get("paths") or {}).items():
        if not str(path).startswith("/"):
            raise bad_request(f"Invalid path: {path}. Must begin with '/'")
        resource = _resource(definition, prefix + str(path))
        for verb, operation in source.operations(source.resolved(item)):
            resource["methods"][verb] = reader.read(resource, verb, source.resolved(item), operation)
    if warnings and flag(call.request.first("failonwarnings")):
        raise bad_request("Warnings found during import:\n\t" + "\n\t".join(warnings))
    return warnings


def _drop_absent(definition: Definition, paths: set[str]) -> None:
    """Forget resources that are on no path of the document; those which stay keep their ids (A3)."""
    definition.resources = {
        key: each
        for key, each in definition.resources.items()
        if key == definition.root_id or any(f"{path}/".startswith(f"{each['path']}/") for path in paths)
    }


def _prefix(source: Source, basepath: str) -> str:
    """A10: ignore, prepend, or split (the first part dropped, the rest prepended)."""
    path = source.base_path()
    match basepath.lower():
        case "ignore":
            return ""
        case "prepend":
            return path
        case "split":
            rest = path.strip("/").split("/")[1:]
            return "".join(f"/{part}" for part in rest)
        case _:
            raise bad_request("Invalid basepath specified. Must be one of: [ignore, prepend, split]")


def _resource(definition: Definition, path: str) -> Doc:
    resource = definition.resources[definition.root_id]
    for part in [each for each in path.split("/") if each]:
        known = [each for each in definition.children(resource["id"]) if each["pathPart"] == part]
        if not known:
            _check_part(definition, resource, part, path)
        resource = known[0] if known else definition.add_resource(parent=resource, part=part)
    return resource


def _check_part(definition: Definition, parent: Doc, part: str, path: str) -> None:
    try:
        check_part(definition, parent=parent, part=part)
    except ApiError as error:
        raise ApiError(
            code=error.code,
            status=error.status,
            message=f"Errors found during import:\n\tUnable to create resource at path '{path}': {error.message}",
        ) from error


def _settings(call: Call, source: Source, definition: Definition, *, overwrite: bool) -> None:
    info = definition.info
    sent: Doc = source.root["info"]
    info["name"] = str(sent["title"])  # A8
    for key in ("description", "version"):
        if sent.get(key):
            info[key] = str(sent[key])
    binary = [str(each) for each in source.extension("binary-media-types") or []]
    known = [] if overwrite else info.get("binaryMediaTypes", [])
    if binary or known:
        info["binaryMediaTypes"] = [*known, *(each for each in binary if each not in known)]  # A7
    if source.extension("api-key-source"):
        info["apiKeySource"] = source.extension("api-key-source")
    if source.extension("minimum-compression-size") is not None:
        info["minimumCompressionSize"] = compression(str(source.extension("minimum-compression-size")))
    if source.extension("policy"):
        info["policy"] = stored_policy(call, _json(source.extension("policy")), info["id"])
    endpoint = source.endpoint_extension()
    if "disableExecuteApiEndpoint" in endpoint:
        info["disableExecuteApiEndpoint"] = flag(endpoint["disableExecuteApiEndpoint"])
    if endpoint.get("vpcEndpointIds"):
        info["endpointConfiguration"]["vpcEndpointIds"] = list(endpoint["vpcEndpointIds"])


def _json(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
