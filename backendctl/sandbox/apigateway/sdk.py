"""GetSdk: a plain JavaScript SDK of what a stage shows; other languages are refused (A94)."""

from __future__ import annotations

import io
import json
import re
import zipfile

from backendctl.sandbox.apigateway.call import Call
from backendctl.sandbox.apigateway.errors import ApiError, bad_request
from backendctl.sandbox.apigateway.model import Definition, Doc
from backendctl.sandbox.apigateway.stages import stage_of
from backendctl.sandbox.http import Response

_BEGIN = """\
"use strict";

/* newClient({apiKey, headers, invokeUrl, fetch}): every function takes (params, body, additionalParams) and gives a
   promise of {status, headers, data}; it rejects with the same when the status is 400 or more. */
const apigClientFactory = {};

apigClientFactory.newClient = function (config = {}) {
  const invokeUrl = (config.invokeUrl || %(url)s).replace(/\\/$/, "");
  const send = config.fetch || ((...sent) => fetch(...sent));
  const client = {};

  async function call(route, params = {}, body, additional = {}) {
    let path = route.path;
    for (const name of route.pathParameters) {
      if (params[name] === undefined) {
        throw new Error("missing path parameter " + name);
      }
      path = path.replace("{" + name + "+}", encodeURI(params[name]));
      path = path.replace("{" + name + "}", encodeURIComponent(params[name]));
    }
    const query = new URLSearchParams();
    const headers = {Accept: "application/json", ...config.headers};
    for (const name of route.queryParameters) {
      if (params[name] !== undefined) query.append(name, params[name]);
    }
    for (const name of route.headers) {
      if (params[name] !== undefined) headers[name] = params[name];
    }
    for (const [name, value] of Object.entries(additional.queryParams || {})) query.append(name, value);
    Object.assign(headers, additional.headers);
    if (config.apiKey) headers["x-api-key"] = config.apiKey;
    const request = {method: route.verb, headers};
    if (body !== undefined && body !== null && !["GET", "HEAD"].includes(route.verb)) {
      headers["Content-Type"] = headers["Content-Type"] || "application/json";
      request.body = typeof body === "string" ? body : JSON.stringify(body);
    }
    const asked = query.toString();
    const answer = await send(invokeUrl + path + (asked ? "?" + asked : ""), request);
    const text = await answer.text();
    let data = text;
    try {
      data = text ? JSON.parse(text) : null;
    } catch (notJson) {
      data = text;
    }
    const result = {status: answer.status, headers: Object.fromEntries(answer.headers), data};
    if (answer.status >= 400) {
      throw Object.assign(new Error("status " + answer.status), result);
    }
    return result;
  }

"""
_END = """
  return client;
};

if (typeof module !== "undefined") {
  module.exports = apigClientFactory;
}
"""


def script(routes: list[Doc], *, url: str) -> str:
    """The script: one function per route."""
    functions = "\n".join(
        f"  client.{route['name']} = (params, body, additional) =>\n"
        f"    call({json.dumps(_without_name(route))}, params, body, additional);"
        for route in routes
    )
    return _BEGIN % {"url": json.dumps(url)} + functions + "\n" + _END


def _without_name(route: Doc) -> Doc:
    return {key: each for key, each in route.items() if key != "name"}


VERBS = ("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT")
NAMES = {
    "java": "Java",
    "javascript": "JavaScript",
    "android": "Android",
    "objectivec": "iOS (Objective-C)",
    "swift": "iOS (Swift)",
    "ruby": "Ruby",
}
PARAMETERS: dict[str, tuple[str, ...]] = {  # A94
    "java": ("serviceName", "javaPackageName"),
    "javascript": (),
    "android": ("groupId", "artifactId", "artifactVersion", "invokerPackage"),
    "objectivec": ("classPrefix",),
    "swift": ("classPrefix",),
    "ruby": (),
}
_EPOCH = (1980, 1, 1, 0, 0, 0)


def generate(call: Call) -> Response:
    """A zip with `apiGateway-js-sdk/apigClient.js`, of the deployment the stage shows."""
    kind = call.params["type"]
    stage = stage_of(call)
    if kind not in NAMES:
        raise bad_request(f"Invalid SDK type specified: {kind}")
    missing = [name for name in PARAMETERS[kind] if not call.request.first(name)]
    if missing:
        raise bad_request(f"Missing required SDK parameters: {', '.join(missing)}")
    if kind != "javascript":
        text = f"The sandbox generates JavaScript SDKs only, not {NAMES[kind]}"
        raise ApiError(code="NotImplementedException", message=text, status=501)
    definition = call.api().deployments[stage["deploymentId"]].definition
    url = f"https://{call.api().id}.execute-api.{call.request.region}.amazonaws.com/{stage['stageName']}"
    name = f"javascript_{call.params['stage']}.zip"
    return Response(
        headers={
            "Content-Type": "application/octet-stream",
            "Content-Disposition": f'attachment; filename="{name}"',
        },
        body=_zipped(
            {
                "apiGateway-js-sdk/apigClient.js": script(routes(definition), url=url),
                "apiGateway-js-sdk/README.md": _readme(definition, url),
            }
        ),
    )


def routes(definition: Definition) -> list[Doc]:
    """One entry per route: the function's name, verb, path, and where its parameters go."""
    found = []
    for resource in sorted(definition.resources.values(), key=lambda each: str(each["path"])):
        for verb, method in sorted(resource["methods"].items()):
            names = [name.removeprefix("method.request.") for name in method.get("requestParameters", {})]
            found += [
                {
                    "name": function_name(resource["path"], each),
                    "verb": each,
                    "path": resource["path"],
                    "pathParameters": [name.rstrip("+") for name in re.findall(r"\{([^}]+)\}", resource["path"])],
                    "queryParameters": [n.removeprefix("querystring.") for n in names if n.startswith("querystring.")],
                    "headers": [n.removeprefix("header.") for n in names if n.startswith("header.")],
                }
                for each in (VERBS if verb == "ANY" else (verb,))
                if verb != "ANY" or each not in resource["methods"]
            ]
    return found


def function_name(path: str, verb: str) -> str:
    """AWS's name for a route: GET /pets/{petId} is `petsPetIdGet`, GET / is `rootGet`."""
    words = re.findall(r"[A-Za-z0-9]+", path) or ["root"]
    joined = "".join(word[0].upper() + word[1:] for word in words) + verb.title()
    return joined[0].lower() + joined[1:]


def _readme(definition: Definition, url: str) -> str:
    lines = [
        f"- `apigClient.{each['name']}(params, body)`: {each['verb']} {each['path']}" for each in routes(definition)
    ]
    example = json.dumps({"apiKey": "…"}, ensure_ascii=False)
    return "\n".join(
        [
            f"# {definition.info['name']}",
            "",
            f"A client for {url}. Load `apigClient.js` with a script tag, or with `require`, then:",
            "",
            f"    const apigClient = apigClientFactory.newClient({example});",
            "",
            *lines,
            "",
        ]
    )


def _zipped(files: dict[str, str]) -> bytes:
    """The same bytes for the same files."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(zipfile.ZipInfo(name, date_time=_EPOCH), text)
    return buffer.getvalue()
