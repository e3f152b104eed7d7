"""The text of `apigClient.js`."""

from __future__ import annotations

import json

from backendctl.sandbox.apigateway.model import Doc

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
