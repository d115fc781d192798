/** Counts what passed and failed over a whole recording, and says it in plain lines. */

import { isConnectors, routeOf, verdicts } from "./exchange.js";
import { version } from "./published.js";
import { CONTRACTS } from "./routes.js";

/** Of each difference. */
const TESTS_NAMED = 3;

/**
 * A route that the connector calls and that it called in no test counts as one failure.
 *
 * @param {AsyncIterable<string> | Iterable<string>} lines of a recording, each an exchange as JSON
 * @returns {Promise<{report: string, passed: number, failed: number}>}
 */
export async function tally(lines) {
  const counts = new Map();
  const tests = new Map();
  const called = new Set();
  for await (const line of lines) {
    const exchange = JSON.parse(line);
    const route = routeOf(exchange);
    if (isConnectors(exchange)) {
      called.add(route);
    }
    for (const { side, schema, differences } of verdicts(exchange)) {
      const count = at(counts, [route, side, schema].join(SEPARATOR), () => ({ passed: 0, failed: 0 }));
      count[differences.length === 0 ? "passed" : "failed"] += 1;
      for (const difference of differences) {
        at(tests, `${route}, ${side}, ${schema}: ${difference}`, () => []).push(testOf(exchange));
      }
    }
  }
  const missing = Object.keys(CONTRACTS).filter((route) => CONTRACTS[route].connector && !called.has(route));
  const sum = (outcome) => [...counts.values()].reduce((total, count) => total + count[outcome], 0);
  const [passed, failed] = [sum("passed"), sum("failed") + missing.length];
  const report = [
    ...table(counts),
    "",
    ...[...tests].flatMap(([difference, where]) => [`DIFFERENCE ${difference}`, ...places(where)]),
    ...missing.map((route) => `MISSING    ${route}: no test made the connector call it`),
    `${passed} passed, ${failed} failed (schemas of @dust-tt/client ${version})`,
  ].join("\n");
  return { report, passed, failed };
}

const SEPARATOR = " | ";

function at(map, key, initial) {
  if (!map.has(key)) {
    map.set(key, initial());
  }
  return map.get(key);
}

function testOf({ test }) {
  return test?.replace(/ \(\w+\)$/, "") ?? "no test";
}

function table(counts) {
  const rows = [...counts].map(([key, { passed, failed }]) => [...key.split(SEPARATOR), `${passed}`, `${failed}`]);
  rows.sort((one, other) => one.join().localeCompare(other.join()));
  rows.unshift(["route", "side", "schema", "passed", "failed"]);
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  const cell = (text, column) => (column < 3 ? text.padEnd(widths[column]) : text.padStart(widths[column]));
  return rows.map((row) => row.map(cell).join("  "));
}

function places(where) {
  const distinct = [...new Set(where)];
  const others = distinct.length - TESTS_NAMED;
  return [
    `           ${where.length} times, in`,
    ...distinct.slice(0, TESTS_NAMED).map((test) => `             ${test}`),
    ...(others > 0 ? [`             and ${others} more`] : []),
  ];
}
