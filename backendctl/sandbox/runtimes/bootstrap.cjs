// What runs inside an execution environment of a Node.js function: loads the handler, then serves the Runtime API.
// Standard library only; the handler's file is taken from the working directory.
"use strict";

const http = require("node:http");
const fs = require("node:fs");
const path = require("node:path");
const url = require("node:url");
const util = require("node:util");

const [HOST, PORT, BASE] = /^([^:/]+):(\d+)(.*)$/.exec(process.env.AWS_LAMBDA_RUNTIME_API).slice(1);
const RUNTIME = `${BASE}/2018-06-01/runtime`;
const AGENT = new http.Agent({ keepAlive: true, maxSockets: 1 });
const JSON_LOGS = process.env.AWS_LAMBDA_LOG_FORMAT === "JSON";
const LEVELS = ["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"];
const LEAST = Math.max(0, LEVELS.indexOf(JSON_LOGS ? process.env.AWS_LAMBDA_LOG_LEVEL || "INFO" : "TRACE"));

const write = process.stdout.write.bind(process.stdout);
let requestId = "";

/** The error whose name AWS's runtime gives to what went wrong in loading. */
function fault(name, message, cause) {
  const error = new Error(message);
  error.name = name;
  if (cause && cause.stack) error.stack = `${name}: ${message}\n${cause.stack.split("\n").slice(1).join("\n")}`;
  return error;
}

function request(method, where, body, headers = {}) {
  return new Promise((resolve, reject) => {
    const asked = http.request(
      { hostname: HOST, port: PORT, path: RUNTIME + where, method, headers, agent: AGENT },
      (answer) => {
        const pieces = [];
        answer.on("data", (piece) => pieces.push(piece));
        answer.on("end", () => resolve({ headers: answer.headers, body: Buffer.concat(pieces) }));
        answer.on("error", reject);
      },
    );
    asked.on("error", reject);
    asked.end(body);
  });
}

function post(where, text, kind) {
  const body = Buffer.from(text);
  const headers = { "Content-Type": "application/json", "Content-Length": body.length };
  if (kind) headers["Lambda-Runtime-Function-Error-Type"] = kind;
  return request("POST", where, body, headers);
}

/** An error as the caller gets it. */
function told(error) {
  if (!(error instanceof Error)) return { errorType: typeof error, errorMessage: String(error), trace: [] };
  return { errorType: error.name, errorMessage: error.message, trace: (error.stack || "").split("\n") };
}

/** An error as it is logged: with what it carries of its own. */
function logged(error) {
  if (!(error instanceof Error)) return { errorType: typeof error, errorMessage: String(error), stack: [] };
  const { name, message, stack, ...more } = error;
  return { errorType: error.name, errorMessage: error.message, ...more, stack: (error.stack || "").split("\n") };
}

/** One log event; a carriage return stands for a line break within it. */
function log(level, message, more = {}) {
  if (LEVELS.indexOf(level) < LEAST) return;
  const timestamp = new Date().toISOString();
  if (JSON_LOGS) {
    const record = { timestamp, level, ...(requestId ? { requestId } : {}), message, ...more };
    write(`${JSON.stringify(record)}\n`);
    return;
  }
  write(`${timestamp}\t${requestId || "undefined"}\t${level}\t${message}\n`.replace(/\n(?=.)/gs, "\r"));
}

function logError(what, error) {
  const document = logged(error);
  if (JSON_LOGS) log("ERROR", document, document.stack ? { errorType: document.errorType, errorMessage: document.errorMessage, stackTrace: document.stack } : {});
  else log("ERROR", `${what} \t${JSON.stringify(document)}`);
}

function takeConsole() {
  const levels = { log: "INFO", info: "INFO", debug: "DEBUG", warn: "WARN", error: "ERROR", trace: "TRACE" };
  for (const [name, level] of Object.entries(levels)) {
    console[name] = (...values) => {
      const isObject = JSON_LOGS && values.length === 1 && values[0] !== null && typeof values[0] === "object" && !(values[0] instanceof Error);
      log(level, isObject ? values[0] : util.format(...values));
    };
  }
}

function fileOf(name) {
  for (const ending of ["", ".js", ".mjs", ".cjs"]) {
    const file = name + ending;
    if (fs.existsSync(file) && fs.statSync(file).isFile()) return file;
  }
  return null;
}

async function imported(file, name) {
  try {
    if (file.endsWith(".mjs")) return await import(url.pathToFileURL(file));
    try {
      return require(file);
    } catch (error) {
      if (error.code !== "ERR_REQUIRE_ESM" && !/Cannot use import statement|Unexpected token 'export'|await is only valid/.test(error.message)) throw error;
      return await import(url.pathToFileURL(file));
    }
  } catch (error) {
    if (error instanceof SyntaxError) throw fault("Runtime.UserCodeSyntaxError", String(error), error);
    if (error && (error.code === "MODULE_NOT_FOUND" || error.code === "ERR_MODULE_NOT_FOUND")) {
      throw fault("Runtime.ImportModuleError", String(error), error);
    }
    throw error;
  }
}

async function load(handler) {
  const folder = path.dirname(handler);
  const [base, ...names] = path.basename(handler).split(".");
  if (names.length === 0) throw fault("Runtime.MalformedHandlerName", "Bad handler");
  const stem = path.resolve(process.env.LAMBDA_TASK_ROOT, folder, base);
  const file = fileOf(stem);
  if (file === null) {
    throw fault("Runtime.ImportModuleError", `Error: Cannot find module '${base}'\nRequire stack:\n- /var/runtime/index.mjs`);
  }
  const module = await imported(file, base);
  const find = (root) => names.reduce((found, name) => (found == null ? undefined : found[name]), root);
  const found = find(module) ?? find(module.default);
  if (found === undefined) throw fault("Runtime.HandlerNotFound", `${handler} is undefined or not exported`);
  if (typeof found !== "function") throw fault("Runtime.HandlerNotFound", `${handler} is not a function`);
  return found;
}

function contextOf(headers) {
  const deadline = Number(headers["lambda-runtime-deadline-ms"]);
  return {
    callbackWaitsForEmptyEventLoop: true,
    functionName: process.env.AWS_LAMBDA_FUNCTION_NAME,
    functionVersion: process.env.AWS_LAMBDA_FUNCTION_VERSION,
    memoryLimitInMB: process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    logGroupName: process.env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: process.env.AWS_LAMBDA_LOG_STREAM_NAME,
    invokedFunctionArn: headers["lambda-runtime-invoked-function-arn"],
    awsRequestId: headers["lambda-runtime-aws-request-id"],
    getRemainingTimeInMillis: () => Math.max(0, deadline - Date.now()),
  };
}

/** Calls the handler in any of its styles: a promise, a callback, or the context's old methods. */
function call(handler, event, context) {
  return new Promise((resolve, reject) => {
    const settle = (settled, value) => {
      if (!context.callbackWaitsForEmptyEventLoop) settled(value);
      else whenIdle(() => settled(value));
    };
    const callback = (error, value) => (error != null ? settle(reject, error) : settle(resolve, value));
    context.succeed = (value) => resolve(value);
    context.fail = (error) => reject(error);
    context.done = callback;
    const returned = handler(event, context, callback);
    if (returned != null && typeof returned.then === "function") returned.then(resolve, reject);
    else if (handler.length < 3) whenIdle(() => resolve(null));
  });
}

/** Runs once nothing else is to be done: no timer and no connection but ours is open. */
let idle = null;
function whenIdle(then) {
  idle = then;
}
process.on("beforeExit", () => {
  const then = idle;
  idle = null;
  if (then) then();
});

async function serve(handler) {
  for (;;) {
    const next = await request("GET", "/invocation/next");
    requestId = next.headers["lambda-runtime-aws-request-id"];
    const trace = next.headers["lambda-runtime-trace-id"];
    if (trace) process.env._X_AMZN_TRACE_ID = trace;
    else delete process.env._X_AMZN_TRACE_ID;
    idle = null;
    try {
      const result = await call(handler, JSON.parse(next.body), contextOf(next.headers));
      await post(`/invocation/${requestId}/response`, marshalled(result));
    } catch (error) {
      logError("Invoke Error", error);
      const document = told(error);
      await post(`/invocation/${requestId}/error`, JSON.stringify(document), document.errorType);
    }
  }
}

function marshalled(result) {
  try {
    return JSON.stringify(result === undefined ? null : result) ?? "null";
  } catch (error) {
    throw fault("Runtime.MarshalError", `Unable to stringify response body: ${error.message}`, error);
  }
}

/** What nobody caught ends the process, once it has been told. */
async function fatal(what, error, status) {
  logError(what, error);
  const document = told(error);
  const where = requestId ? `/invocation/${requestId}/error` : "/init/error";
  try {
    await post(where, JSON.stringify(document), document.errorType);
  } finally {
    process.exit(status);
  }
}

async function main() {
  takeConsole();
  process.on("uncaughtException", (error) => fatal("Uncaught Exception", error, 129));
  process.on("unhandledRejection", (reason) => {
    const error = fault("Runtime.UnhandledPromiseRejection", reason instanceof Error ? String(reason) : `${reason}`, reason);
    error.reason = reason instanceof Error ? logged(reason) : reason;
    fatal("Unhandled Promise Rejection", error, 128);
  });
  let handler;
  try {
    handler = await load(process.env._HANDLER);
  } catch (error) {
    logError("Uncaught Exception", error);
    const document = told(error);
    await post("/init/error", JSON.stringify(document), document.errorType);
    process.exit(1);
  }
  await serve(handler);
}

main();
