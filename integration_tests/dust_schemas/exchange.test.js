import assert from "node:assert/strict";
import { test } from "node:test";

import { verdicts } from "./exchange.js";

const DATA_SOURCE = {
  id: 1,
  sId: "dts_1",
  createdAt: 0,
  name: "airbyte",
  description: null,
  assistantDefaultSelected: true,
  dustAPIProjectId: "1",
  dustAPIDataSourceId: "core-1",
  connectorId: null,
  connectorProvider: null,
};
const SPACE = {
  createdAt: 0,
  groupIds: [],
  isRestricted: false,
  kind: "regular",
  name: "Data",
  sId: "vlt_1",
  updatedAt: 0,
};
const LIGHT = { hash: "a", text_size: 1, chunk_count: 1, token_count: 512, created: 0 };
const UPSERTED = { document: LIGHT, data_source: DATA_SOURCE };

/** An upsert by the connector that is right on both sides, except for the given parts; bodies are values or texts. */
function upsert({ request = { text: "x" }, answer = UPSERTED, ...others } = {}) {
  const text = (body) => (typeof body === "string" ? body : JSON.stringify(body));
  return {
    server: "hono",
    method: "POST",
    path: "/api/v1/w/w/spaces/s/data_sources/d/documents/1",
    route: "documents/*",
    agent: "airbyte-destination-dust/0.1.0",
    request_type: "application/json",
    request: text(request),
    status: 200,
    answer_type: "application/json",
    answer: text(answer),
    ...others,
  };
}

/** The fields of an exchange in which Dust's server refuses what was sent. */
function refusal(message) {
  return { status: 400, answer: JSON.stringify({ error: { type: "invalid_request_error", message } }) };
}

const differences = (exchange) => verdicts(exchange).flatMap((verdict) => verdict.differences);

test("a section has all of its fields at each level", () => {
  const section = { prefix: "# T", content: "x", sections: [] };
  const inner = { ...section, sections: [{ prefix: null, content: null }] };
  assert.deepEqual(differences(upsert({ request: { section } })), []);
  assert.deepEqual(differences(upsert({ request: { section: inner } })), ["section.sections[].sections: Required"]);
});

test("a right exchange has two sides and no difference", () => {
  assert.deepEqual(
    verdicts(upsert()).map(({ side, schema, differences }) => [side, schema, differences]),
    [
      ["connector's request", "PostDataSourceDocumentRequestSchema", []],
      ["answer", "UpsertDocumentResponseSchema", []],
    ],
  );
});

test("a value of the wrong type in the connector's request is a difference", () => {
  const exchange = upsert({ request: { text: "x", timestamp: "1767225600000" } });
  assert.deepEqual(differences(exchange), ["timestamp: Expected number, received string"]);
});

test("a field that Dust's server would drop is a difference, however deep it is", () => {
  assert.deepEqual(differences(upsert({ request: { text: "x", colour: "red" } })), ["colour is not in the schema"]);
  const rows = { rows: [{ row_id: "1", value: { at: { type: "datetime", epoch: 0, zone: "UTC" } } }] };
  const sent = verdicts(upsert({ route: "tables/*/rows", request: rows }))[0];
  assert.deepEqual(sent.differences, ["rows[].value.at.zone is not in the schema"]);
});

test("a body that Dust's server would not read is a difference", () => {
  const exchange = upsert({ request_type: "text/plain" });
  assert.deepEqual(differences(exchange), ["has the content type text/plain, so Dust reads no body"]);
  assert.equal(differences(upsert({ method: "DELETE" }))[0], "has a body");
});

test("a call of the connector that no route answers is a difference", () => {
  const refused = { status: 404, answer_type: "text/plain; charset=UTF-8", answer: "404 Not Found" };
  assert.match(differences(upsert({ route: null, ...refused }))[0], /is no route of Dust$/);
});

test("a gateway's page is not Dust's answer, and an error of Dust is no page", () => {
  const page = (status) => upsert({ status, answer_type: "text/html; charset=utf-8", answer: "<html></html>" });
  assert.deepEqual(differences(page(504)), []);
  assert.deepEqual(differences(page(500)), ["an error has the content type text/html; charset=utf-8"]);
});

test("an answer that lacks a field is a difference", () => {
  const { sId: _, ...rest } = DATA_SOURCE;
  assert.deepEqual(differences(upsert({ answer: { ...UPSERTED, data_source: rest } })), ["data_source.sId: Required"]);
});

test("an answer may only add the fields that Dust's server is known to add", () => {
  const listed = (space) => upsert({ method: "GET", route: "spaces", request: "", answer: { spaces: [space] } });
  assert.deepEqual(differences(listed({ ...SPACE, managementMode: "manual" })), []);
  assert.deepEqual(differences(listed({ ...SPACE, colour: "red" })), ["spaces[].colour is not in the schema"]);
});

test("a queued upsert is answered without the data source, and no other", () => {
  const answer = { document: { document_id: "1" } };
  assert.deepEqual(differences(upsert({ request: { text: "x", async: true }, answer })), []);
  assert.deepEqual(differences(upsert({ answer })), ["data_source: Required"]);
});

test("an error is Dust's error object and nothing else", () => {
  const told = (answer) => differences(upsert({ ...refusal("No."), ...answer }));
  assert.deepEqual(told({}), []);
  assert.deepEqual(told({ answer: { error: { type: "x" } } }), ["message: Required"]);
  assert.deepEqual(told({ answer: { message: "No." } }), ["is not an object of one field, error"]);
  assert.deepEqual(told({ answer: "No.", answer_type: "text/plain" }), ["an error has the content type text/plain"]);
});

test("a sync without a socket is the connector's, too", () => {
  const side = (test) => verdicts(upsert({ agent: null, test }))[0].side;
  assert.equal(side("integration_tests/test_refresh.py::test_x (call)"), "connector's request");
  assert.equal(side("local_dust/tests/test_server.py::test_x (call)"), "test's request");
});

test("the local Dust must refuse what the schema refuses", () => {
  const exchange = upsert({ agent: "python-requests/2", request: { text: 1 } });
  assert.deepEqual(differences(exchange), ["was accepted, but: text: Expected string, received number"]);
  assert.deepEqual(differences({ ...exchange, ...refusal("Validation error: x") }), []);
});

test("the local Dust must not refuse as invalid what the schema takes", () => {
  const exchange = upsert({ agent: "python-requests/2", ...refusal("Validation error: x") });
  assert.match(differences(exchange)[0], /^was refused by the hono server, but is valid/);
  assert.deepEqual(differences(upsert({ agent: "python-requests/2", ...refusal("Invalid title: too long") })), []);
});
