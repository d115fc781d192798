/** A headless Chromium that talks to no one except the pages it is shown, with an empty profile. */

import { chromium } from "playwright-core";

const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--disable-quic",
];

/** Launches the browser that CHROMIUM names. A profile of its own is made for it, and removed at the end. */
export function launch() {
  return chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", headless: true, args: FLAGS });
}

/** An open page; `troubles` collects what it, or its console, complains of, and every dialog that it opens. */
export async function openPage(browser) {
  const page = await browser.newPage({ viewport: { width: 1100, height: 1300 } });
  page.setDefaultTimeout(20_000);
  const troubles = [];
  page.on("pageerror", (error) => troubles.push(String(error)));
  page.on("console", (message) => message.type() === "error" && troubles.push(message.text()));
  page.on("dialog", (dialog) => {
    troubles.push(`dialog: ${dialog.message()}`);
    return dialog.dismiss();
  });
  return { page, troubles };
}

/** Writes a picture of the whole page into the folder that SHOTS names, if it does, for people to look at. */
export async function shoot(page, name) {
  if (process.env.SHOTS) {
    await page.screenshot({ path: `${process.env.SHOTS}/${name}.png`, fullPage: true });
  }
}
