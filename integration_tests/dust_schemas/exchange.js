/** Holds one recorded exchange against the published schemas. Pure: takes an exchange, gives differences. */

import { ADDITIONS, CONTRACTS, ERROR_SCHEMA, SCHEMAS } from "./routes.js";

/**
 * @typedef {object} Exchange as `local_dust/recording.py` writes it
 * @property {"hono" | "legacy"} server
 * @property {string} method
 * @property {string | null} route
 * @property {string | null} agent
 * @property {string | null} request_type
 * @property {string} request
 * @property {number} status
 * @property {string | null} answer_type
 * @property {string} answer
 * @property {string | null} test
 */

/**
 * @typedef {object} Verdict on one side of an exchange
 * @property {"connector's request" | "test's request" | "answer"} side
 * @property {string} schema its name, or in words what was asked for instead
 * @property {string[]} differences
 */

const CONNECTOR = "airbyte-destination-dust";
const UNTOLD = "data_source: Required";
const JSON_TYPE = /^application\/json(;|$)/;

/**
 * Syncs that tests run without a socket have no User-Agent; nor has what some tests of the local Dust send themselves.
 *
 * @param {Exchange} exchange
 */
export function isConnectors({ agent, test }) {
  return agent === null ? !test?.includes("local_dust/tests/") : agent.startsWith(CONNECTOR);
}

/** @param {Exchange} exchange */
export const routeOf = ({ method, route }) => `${method === "HEAD" ? "GET" : method} ${route}`;

/**
 * @param {Exchange} exchange
 * @returns {Verdict[]} one for each side that can be judged
 */
export function verdicts(exchange) {
  const contract = CONTRACTS[routeOf(exchange)];
  const request = isConnectors(exchange) ? sent(exchange, contract) : agreed(exchange, contract);
  return [request, answered(exchange, contract)].filter(Boolean);
}

/** What the connector sends must be right, down to fields that Dust's server would drop without a word. */
function sent(exchange, contract) {
  const verdict = (schema, differences) => ({ side: "connector's request", schema, differences });
  if (!contract) {
    return verdict("a known route", [`${exchange.path} is no route of Dust`]);
  }
  if (!contract.request) {
    return verdict("no body", exchange.request === "" ? [] : ["has a body"]);
  }
  if (!JSON_TYPE.test(exchange.request_type ?? "")) {
    return verdict(contract.request, [`has the content type ${exchange.request_type}, so Dust reads no body`]);
  }
  return verdict(contract.request, differences(contract.request, exchange.request));
}

/** Tests of the local Dust send wrong bodies on purpose: it must refuse what the schema refuses, and nothing else. */
function agreed({ server, request, request_type: type, status, answer }, contract) {
  if (!contract?.request || !JSON_TYPE.test(type ?? "")) {
    return null;
  }
  const invalid = problems(contract.request, request);
  const refused = status === 400 && /Validation error|Malformed JSON|^Invalid JSON/.test(answer);
  const wrong = [];
  if (invalid.length > 0 && status === 200) {
    wrong.push(`was accepted, but: ${invalid.join("; ")}`);
  }
  if (invalid.length === 0 && refused) {
    wrong.push(`was refused by the ${server} server, but is valid: ${answer}`);
  }
  return { side: "test's request", schema: contract.request, differences: wrong };
}

function answered(exchange, contract) {
  const { status, answer, answer_type: type } = exchange;
  const verdict = (schema, differences) => ({ side: "answer", schema, differences });
  if (status !== 200) {
    return isBare(exchange) ? verdict("not JSON", []) : verdict("APIErrorSchema", error(type, answer));
  }
  if (contract?.answer === undefined) {
    return verdict("none published", contract ? [] : [`${routeOf(exchange)} is a route without a contract`]);
  }
  const wrongType = JSON_TYPE.test(type ?? "") ? [] : [`has the content type ${type}`];
  const wrong = differences(contract.answer, answer).filter((each) => !(isQueued(exchange) && each === UNTOLD));
  return verdict(contract.answer, [...wrongType, ...wrong]);
}

/** Answers without Dust's error object: unknown routes, other origins, the old server's filters, a gateway's pages. */
function isBare({ server, route, method, status, answer, answer_type: type }) {
  const unknown = status === 404 && answer === "404 Not Found" && !CONTRACTS[`${method} ${route}`];
  const origin = status === 403 && answer === "" && type === null;
  const filtered = server === "legacy" && [400, 413, 500].includes(status) && !JSON_TYPE.test(type ?? "");
  const gateway = [502, 503, 504, 524].includes(status) && /^text\/html/.test(type ?? "");
  return unknown || origin || filtered || gateway;
}

/** To an upsert with `async`, Dust's server answers less than its schema asks for: the document's id and no more. */
function isQueued({ method, route, request }) {
  return method === "POST" && route === "documents/*" && parsed(request)?.async === true;
}

function error(type, text) {
  if (!JSON_TYPE.test(type ?? "")) {
    return [`an error has the content type ${type}`];
  }
  const value = parsed(text);
  if (Object.keys(value ?? {}).join() !== "error") {
    return ["is not an object of one field, error"];
  }
  return against(ERROR_SCHEMA, value.error, new Set());
}

function differences(name, text) {
  const value = parsed(text);
  return value === undefined ? ["is not JSON"] : against(SCHEMAS[name], value, new Set(ADDITIONS[name]));
}

function problems(name, text) {
  const value = parsed(text);
  return value === undefined ? ["is not JSON"] : issues(SCHEMAS[name].safeParse(value));
}

function against(schema, value, additions) {
  const result = schema.safeParse(value);
  const unknown = result.success ? lost(value, result.data, "").filter((path) => !additions.has(path)) : [];
  return [...issues(result), ...[...new Set(unknown)].map((path) => `${path} is not in the schema`)];
}

/** @returns {string[]} in words, with list positions left out so that like issues read alike */
function issues(result) {
  const all = result.success ? [] : result.error.issues;
  return [...new Set(all.map(({ path, message }) => `${pattern(path)}: ${message}`))];
}

function pattern(path) {
  return path.reduce((text, part) => (typeof part === "number" ? `${text}[]` : joined(text, part)), "") || "(all)";
}

const joined = (path, name) => (path ? `${path}.${name}` : name);

/** @returns {string[]} the paths of the fields that parsing dropped, which are those that the schema does not name */
function lost(value, kept, path) {
  if (Array.isArray(value)) {
    return value.flatMap((item, position) => lost(item, kept?.[position], `${path}[]`));
  }
  if (value === null || typeof value !== "object") {
    return [];
  }
  return Object.keys(value).flatMap((name) =>
    Object.hasOwn(kept ?? {}, name) ? lost(value[name], kept[name], joined(path, name)) : [joined(path, name)],
  );
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
