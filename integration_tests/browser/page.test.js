/** The page of the local Dust, as a person sees it. */

import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";

import { launch, openPage, shoot } from "./browser.js";
import { LocalDust } from "./local_dust.js";

const HOSTILE = `</h3></pre><script>document.body.id = "owned"</script><img src=x onerror="alert(1)">`;
const DOCUMENTS = 45;

let browser, dust, page, troubles;

before(async () => {
  [browser, dust] = await Promise.all([launch(), LocalDust.start()]);
  for (let number = 1; number <= DOCUMENTS; number++) {
    await dust.upsert(`tickets-${number}`, {
      title: `Ticket ${number}`,
      text: JSON.stringify({ subject: `Printer ${number} is on fire`, customer: { city: "Köln" } }),
      tags: ["airbyte:stream:tickets", number % 2 ? "status:open" : "status:closed"],
    });
  }
});
after(() => Promise.all([browser?.close(), dust?.stop()]));
beforeEach(async (context) => {
  ({ page, troubles } = await openPage(browser));
  context.after(() => page.close());
});

/** Opens the page with these parameters, and fails if it has anything to complain of. */
async function look(parameters = {}) {
  await page.goto(`${dust.url}/?${new URLSearchParams(parameters)}`);
  assert.deepEqual(troubles, []);
}

test("a document is shown with its title, its tags and its text, one field per line", async () => {
  await look();
  const newest = page.locator("article").first();

  assert.equal(await newest.locator("h3").innerText(), `Ticket ${DOCUMENTS}`);
  assert.deepEqual(await newest.locator(".tag").allInnerTexts(), [
    "airbyte:stream:tickets",
    "status:open",
    `title:Ticket ${DOCUMENTS}`,
  ]);
  assert.equal(
    await newest.locator(".text").innerText(),
    `subject: Printer ${DOCUMENTS} is on fire\ncustomer:\n  city: Köln`,
  );
  await shoot(page, "page-documents");
});

test("the chart shows how much of the limit is used", async () => {
  await look();

  assert.match(await page.locator("#window p").innerText(), /^45 of 120 document upserts in the last 60 s, 0 refused$/);
  const [limit, used] = await Promise.all(
    ["line.limit", "path.accepted"].map((shape) => page.locator(`svg ${shape}`).boundingBox()),
  );
  assert.ok(used.width > 0 && used.height > 0);
  assert.ok(limit.y < used.y, "what is used is below the limit");
  assert.ok(used.height / (used.y + used.height - limit.y) < 0.5, "and 45 are less than a half of it");
});

test("documents can be leafed through", async () => {
  await look();
  const seen = [];
  for (;;) {
    seen.push(...(await page.locator("article h3").allInnerTexts()));
    const next = page.getByRole("link", { name: "Next" }).first();
    if (!(await next.count())) break;
    await next.click();
    await page.waitForLoadState();
  }

  assert.equal(new Set(seen).size, DOCUMENTS);
});

test("documents can be searched, and chosen by a tag", async () => {
  await look();
  await page.getByRole("searchbox").fill("printer 17");
  await page.getByRole("searchbox").press("Enter");
  await page.waitForURL(/q=printer/);
  assert.deepEqual(await page.locator("article h3").allInnerTexts(), ["Ticket 17"]);

  await page.getByRole("link", { name: "status:open" }).click();
  await page.waitForURL(/tag=/);
  assert.match(await page.locator(".pager").first().innerText(), /of 23 documents/);
});

test("a document is shown in full, as it is stored, too", async () => {
  await look({ document: "tickets-7" });

  assert.equal(await page.locator("h2").innerText(), "Ticket 7");
  await page.getByText("As it is stored").click();
  assert.equal(
    await page.locator("details pre").innerText(),
    '{"subject":"Printer 7 is on fire","customer":{"city":"Köln"}}',
  );
  await page.getByText("As agents get it, in chunks: 1").click();
  assert.match(await page.locator("#chunks .chunk").innerText(), /Köln/);
  await shoot(page, "page-document");
});

test("hostile titles, tags and texts are shown as text, and nothing of them runs", async () => {
  await dust.upsert(HOSTILE, { title: HOSTILE, text: HOSTILE, tags: [HOSTILE] });
  await dust.table("hostile", HOSTILE, { [HOSTILE]: { cell: HOSTILE } });

  for (const parameters of [{ q: "onerror" }, { document: HOSTILE }, { table: "hostile" }, { view: "tables" }]) {
    await look(parameters);
    assert.notEqual(await page.evaluate(() => document.body.id), "owned");
    assert.equal(await page.locator("img").count(), 0);
  }
  await look({ q: "onerror" });
  assert.equal(await page.locator("h3").innerText(), HOSTILE);
});

test("a table is shown with typed columns and its rows", async () => {
  await dust.table("orders", "What was ordered", {
    1: { item: "Lamp", price: 12.5 },
    2: { item: "Desk", price: 80.25 },
  });
  await look({ view: "tables" });
  await page.getByRole("link", { name: "orders" }).click();
  await page.waitForURL(/table=orders/);

  const rows = page.locator("table tr");
  assert.deepEqual(await rows.nth(0).locator("th").allInnerTexts(), ["row id", "item text", "price float"]);
  assert.deepEqual((await rows.allInnerTexts()).slice(1).sort(), ["1\tLamp\t12.5", "2\tDesk\t80.25"]);
  await shoot(page, "page-table");
});

test("the page refreshes itself, and leaves alone what has not changed", async () => {
  await look({ q: "latecomer" });
  assert.equal(await page.locator("article").count(), 0);
  await page.getByRole("searchbox").fill("half typed");
  await dust.upsert("latecomer", { title: "Latecomer", text: "just arrived" });

  await page.locator("article h3", { hasText: "Latecomer" }).waitFor();
  assert.equal(await page.getByRole("searchbox").inputValue(), "half typed");
  assert.deepEqual(troubles, []);
});

test("the page fetches nothing from elsewhere", async () => {
  const fetched = [];
  page.on("request", (request) => fetched.push(new URL(request.url()).origin));
  await look();
  await page.waitForResponse((response) => response.request().resourceType() === "fetch"); // it refreshed itself

  assert.deepEqual([...new Set(fetched)], [dust.url]);
});
