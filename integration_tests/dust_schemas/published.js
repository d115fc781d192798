/**
 * The zod schemas of `@dust-tt/client`, which Dust's own server checks requests with.
 *
 * The package exports the schemas of requests, but not those of most answers. All are in its readable build, though,
 * so that build is run here as it is, with one line at its end that hands out what is asked for.
 */

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { compileFunction } from "node:vm";

const PACKAGE = "@dust-tt/client";
const BUILD = "client.cjs.development.js";

const here = createRequire(import.meta.url);
const build = join(dirname(here.resolve(PACKAGE)), BUILD);

export const version = here(`${PACKAGE}/package.json`).version;

/**
 * @param {string[]} names of schemas
 * @returns {Record<string, import("zod").ZodTypeAny>} by name
 * @throws {ReferenceError} naming a schema that this version of the package does not have
 */
export function published(names) {
  const source = `${readFileSync(build, "utf8")}\nreturn { ${names.join(", ")} };`;
  const run = compileFunction(source, ["module", "exports", "require"], { filename: build });
  const module = { exports: {} };
  return run(module, module.exports, createRequire(build));
}
