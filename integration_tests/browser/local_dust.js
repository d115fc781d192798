/** The local Dust as a process of its own, filled by the API that dust.tt has. */

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
export const PYTHON = process.env.PYTHON ?? ".venv/bin/python";

export class LocalDust {
  /** Starts one. `limits` are arguments such as "quiet_seconds=0.1". */
  static async start(...limits) {
    const flags = limits.flatMap((limit) => ["--limit", limit]);
    const child = spawn(PYTHON, ["-m", "local_dust", ...flags], {
      cwd: ROOT,
      stdio: ["ignore", "pipe", "inherit"],
    });
    const [line] = await once(createInterface({ input: child.stdout }), "line");
    return new LocalDust(child, line.split(" ").at(-1));
  }

  constructor(child, url) {
    this.url = url;
    this.child = child;
  }

  /** The settings with which the connector reaches it. */
  async config() {
    this.settings ??= await (await fetch(`${this.url}/__control__/config`)).json();
    return this.settings;
  }

  upsert(id, document) {
    return this.#post(`documents/${encodeURIComponent(id)}`, { light_document_output: true, ...document });
  }

  async table(id, description, rows) {
    await this.#post("tables", { table_id: id, name: id, title: id, description });
    const sent = Object.entries(rows).map(([row_id, value]) => ({ row_id, value }));
    await this.#post(`tables/${id}/rows`, { rows: sent, truncate: true });
  }

  async stop() {
    this.child.kill();
    await once(this.child, "exit");
  }

  async #post(path, body) {
    const at = await this.config();
    const source = `w/${at.workspace_id}/spaces/${at.space_id}/data_sources/${at.data_source_id}`;
    const answer = await fetch(`${this.url}/api/v1/${source}/${path}`, {
      method: "POST",
      headers: { Authorization: `Bearer ${at.api_key}`, "Content-Type": "application/json" },
      body: JSON.stringify(body),
    });
    if (!answer.ok) {
      throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    }
  }
}

/** Runs a command of the connector with these settings, and returns its messages. */
export async function connector(command, config) {
  const folder = await mkdtemp(join(tmpdir(), "connector-"));
  const file = join(folder, "config.json");
  await writeFile(file, JSON.stringify(config));
  const child = spawn(PYTHON, ["main.py", command, "--config", file], {
    cwd: ROOT,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const messages = [];
  for await (const line of createInterface({ input: child.stdout })) {
    messages.push(JSON.parse(line));
  }
  await rm(folder, { recursive: true });
  return messages;
}
