import assert from "node:assert/strict";
import { test } from "node:test";

import { CONTRACTS } from "./routes.js";
import { tally } from "./tally.js";

/** A call of the connector, right but refused, as a line of a recording. */
function call(route, body, others = {}) {
  const [method, name] = route.split(" ");
  const request = body === undefined ? "" : JSON.stringify(body);
  const sent = { agent: "airbyte-destination-dust/0.1.0", request, request_type: "application/json" };
  const answer = JSON.stringify({ error: { type: "service_unavailable", message: "Later." } });
  const refused = { status: 503, answer, answer_type: "application/json" };
  return JSON.stringify({ server: "hono", method, route: name, ...sent, ...refused, ...others });
}

const READS = Object.keys(CONTRACTS)
  .filter((route) => CONTRACTS[route].connector && !CONTRACTS[route].request)
  .map((route) => call(route));
const WRITES = [
  call("POST documents/*", { text: "x" }),
  call("POST tables", { name: "a", title: "a", description: "" }),
  call("POST tables/*/rows", { rows: [] }),
];

test("a recording in which every call is right ends with the number of checks", async () => {
  const { report, failed } = await tally([...READS, ...WRITES]);
  assert.equal(failed, 0);
  assert.match(report.split("\n").at(-1), /^26 passed, 0 failed \(schemas of @dust-tt\/client \d+\.\d+\.\d+\)$/);
});

test("a call that no test made the connector do is a failure", async () => {
  const { report, failed } = await tally([...READS, ...WRITES.slice(1)]);
  assert.equal(failed, 1);
  assert.match(report, /^MISSING {4}POST documents\/\*: no test/m);
});

test("a call by a test is not the connector's", async () => {
  const others = [...READS, ...WRITES].map((each) => each.replace("airbyte-destination-dust", "python-requests"));
  assert.equal((await tally(others)).failed, 13);
});

test("like differences are told once, with their tests", async () => {
  const wrong = ["a", "a", "b", "c", "d"].map((name) =>
    call("POST documents/*", { text: 1 }, { test: `test_x.py::test_${name} (call)` }),
  );
  const { report, failed } = await tally([...READS, ...WRITES, ...wrong]);
  assert.equal(failed, 5);
  assert.deepEqual(report.split("\n").slice(-7, -1), [
    "DIFFERENCE POST documents/*, connector's request, PostDataSourceDocumentRequestSchema: " +
      "text: Expected string, received number",
    "           5 times, in",
    "             test_x.py::test_a",
    "             test_x.py::test_b",
    "             test_x.py::test_c",
    "             and 1 more",
  ]);
});
