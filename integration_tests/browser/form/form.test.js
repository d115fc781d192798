/** The connector's form in a browser: what spec.json looks like to those who fill it in. */

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, beforeEach, test } from "node:test";
import { fileURLToPath } from "node:url";

import { build } from "esbuild";

import { launch, openPage, shoot } from "../browser.js";
import { connector, LocalDust } from "../local_dust.js";

const SPEC = JSON.parse(await readFile(new URL("../../../destination_dust/spec.json", import.meta.url), "utf-8"));
const FORM = SPEC.connectionSpecification;

let browser, html, script, page, troubles;

before(async () => {
  const bundle = await build({
    entryPoints: [fileURLToPath(new URL("form.jsx", import.meta.url))],
    bundle: true,
    write: false,
    jsx: "automatic",
    define: { "process.env.NODE_ENV": '"production"' },
  });
  const style = await readFile(new URL("form.css", import.meta.url), "utf-8");
  html = `<!DOCTYPE html><meta charset="utf-8"><style>${style}</style><div id="form"></div>`;
  script = `window.SPEC = ${JSON.stringify(SPEC)};\n${bundle.outputFiles[0].text}`;
  browser = await launch();
});
after(() => browser?.close());
beforeEach(async (context) => {
  ({ page, troubles } = await openPage(browser));
  context.after(() => page.close());
  await page.setContent(html);
  await page.addScriptTag({ content: script });
  await page.locator(".group").first().waitFor();
});

const field = (name) => page.locator(`[data-field="${name}"]`);
const openAll = () => page.locator("details").evaluateAll((all) => all.forEach((each) => (each.open = true)));
const names = (fields) => fields.evaluateAll((all) => all.map((each) => each.dataset.field));

/** The names of the fields of a group in the order in which the form has to show them. */
function expectedFields(group) {
  const shown = Object.entries(FORM.properties).filter(([, each]) => each.group === group && !each.airbyte_hidden);
  const first = ([name, each]) => FORM.required.includes(name) || each.always_show;
  return shown
    .sort(([, a], [, b]) => a.order - b.order)
    .sort((a, b) => Number(!first(a)) - Number(!first(b)))
    .map(([name]) => name);
}

/** Fills in what is required. */
async function fillIn(settings) {
  for (const name of FORM.required) {
    await field(name).locator("input").fill(settings[name]);
  }
}

async function submit() {
  await page.getByRole("button", { name: "Set up destination" }).click();
  return page.evaluate(() => window.submitted ?? null);
}

test("the form shows every field in its group, in order, without errors", async () => {
  await openAll();
  await shoot(page, "form");
  const groups = await page.locator(".group").all();

  assert.deepEqual(await page.locator(".group > legend").allInnerTexts(), FORM.groups.map((group) => group.title));
  for (const [position, { id }] of FORM.groups.entries()) {
    assert.deepEqual(await names(groups[position].locator("[data-field]")), expectedFields(id));
  }
  assert.deepEqual(troubles, []);
  assert.equal(await page.locator(".error").count(), 0);
});

test("every field has a title and help, and nothing of the help is markup that shows", async () => {
  await openAll();
  for (const name of FORM.groups.flatMap(({ id }) => expectedFields(id))) {
    const text = await field(name).innerText();
    assert.ok(text.startsWith(FORM.properties[name].title), `${name}: ${text}`);
    assert.ok((await field(name).locator(".help").first().innerText()).length > 20, name);
    assert.doesNotMatch(text, /<\/?[a-z]+>/);
  }
});

test("at first only those fields are open that everybody has to decide on", async () => {
  assert.deepEqual(await names(page.locator("[data-field]:visible")), [...expectedFields("connection"), "data_format"]);
  await shoot(page, "form-first");
});

test("a value that does not fit is told what it should look like", async () => {
  await openAll();
  for (const name of Object.keys(FORM.properties).filter((each) => FORM.properties[each].pattern)) {
    const input = field(name).locator("input");
    await input.fill("%%% no/such value");
    await input.blur();
    const descriptor = FORM.properties[name].pattern_descriptor;
    await field(name).locator(".error", { hasText: descriptor }).waitFor();
  }
  await shoot(page, "form-wrong");
  assert.equal(await submit(), null);
});

test("a number out of its bounds is refused", async () => {
  await openAll();
  const input = field("documents_per_minute").locator("input");
  await input.fill("0");
  await input.blur();

  await field("documents_per_minute").locator(".error", { hasText: ">= 1" }).waitFor();
});

test("with what is required left empty nothing is sent", async () => {
  assert.equal(await submit(), null);
  assert.equal(await page.locator(".error:visible").count(), FORM.required.length);
});

test("what the form sends, the connector takes", async (context) => {
  const dust = await LocalDust.start();
  context.after(() => dust.stop());
  const settings = await dust.config();
  await fillIn(settings);
  await field("base_url").locator("input").fill(dust.url);
  const sent = await submit();

  assert.deepEqual(FORM.required.map((name) => sent[name]), FORM.required.map((name) => settings[name]));
  const messages = await connector("check", sent);
  assert.deepEqual(messages, [{ type: "CONNECTION_STATUS", connectionStatus: { status: "SUCCEEDED" } }]);
});

test("streams that differ can be added with fields of their own", async () => {
  await openAll();
  await field("stream_overrides").getByRole("button").last().click();
  const added = field("stream_overrides").locator(".object");

  const titles = Object.entries(FORM.properties.stream_overrides.items.properties)
    .sort(([, a], [, b]) => a.order - b.order)
    .map(([, each]) => each.title);
  const labels = await added.locator("label").allInnerTexts();
  assert.deepEqual(labels.map((label) => label.replace(/ Optional.*/s, "").trim()), titles);
  await shoot(page, "form-override");
});
