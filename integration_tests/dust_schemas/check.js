/**
 * Checks a recording: node check.js FILE. The last line says how many checks passed and failed; the exit code is 1 if
 * any failed. `make test-contract` makes the recording.
 */

import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";

import { tally } from "./tally.js";

const input = createReadStream(process.argv[2]);
const { report, failed } = await tally(createInterface({ input, crlfDelay: Infinity }));
console.log(report);
process.exitCode = failed === 0 ? 0 : 1;
