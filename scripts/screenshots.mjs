/**
 * `npm run screenshots`: starts the local cloud of `npm start`, prints jobs in its console with a browser, and writes
 * docs/images/console-*.png in both color schemes, wide and narrow. The ports of `npm start` must be free.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { findBrowser, INSTALL_BROWSER } from './findBrowser.mjs';
import { shrinkPng } from './shrinkPng.mjs';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const FOLDER = join(ROOT, 'docs', 'images');
const SIZES = { '': { width: 1280, height: 800 }, 'narrow-': { width: 390, height: 800 } };
/** What GitHub shows at once, also on a slow line. */
const MOST_BYTES = 200 * 1024;

const executablePath = findBrowser();
if (executablePath === undefined) throw new Error(`No browser was found. ${INSTALL_BROWSER}.`);
const cloud = spawn(process.execPath, [join(ROOT, 'scripts', 'local.mjs'), 'start'], {
  cwd: ROOT,
  stdio: ['ignore', 'pipe', 'inherit'],
});
const ended = once(cloud, 'close');
const browser = await chromium.launch({ executablePath, args: ['--disable-lcd-text'] });
try {
  const address = await readAddress();
  const context = await browser.newContext({ viewport: SIZES[''], reducedMotion: 'reduce' });
  const page = await context.newPage();
  await page.goto(address);
  await printJobs(page);
  await mkdir(FOLDER, { recursive: true });
  for (const colorScheme of ['light', 'dark']) {
    for (const [size, viewport] of Object.entries(SIZES)) {
      await page.emulateMedia({ colorScheme });
      await page.setViewportSize(viewport);
      if (size !== '') await page.locator('#job').scrollIntoViewIfNeeded();
      await page.evaluate(size === '' ? 'scrollTo(0, 0)' : "document.getElementById('job').scrollIntoView()");
      await save(`console-${size}${colorScheme}.png`, await page.screenshot());
    }
  }
} finally {
  await browser.close();
  cloud.kill('SIGINT');
  await ended;
}

/** Waits until the customer is onboarded. */
async function readAddress() {
  let address;
  for await (const line of createInterface({ input: cloud.stdout })) {
    address ??= /^Open the console: +(\S+)$/.exec(line)?.[1];
    if (line.includes('Ctrl-C stops everything')) {
      // What it prints from now on is not read: a full pipe would stop it.
      cloud.stdout.resume();
      return address;
    }
  }
  throw new Error('The local cloud ended before it was ready.');
}

/** A job that is aborted, one that is held, one of the other scenario, and one whose notification is sent twice. */
async function printJobs(page) {
  await print(page, 'Reception', 'All handouts.docx', 'Aborted', { copies: '900' });
  await print(page, 'Archive', 'Invoice 2026-114.pdf', 'Fetchable');
  await print(page, 'Badge release', 'Payroll November.xlsx', 'Held');
  await page.getByRole('button', { name: ': Repeat the next notification' }).click();
  await page.getByText('1 notification left').waitFor();
  await print(page, 'Reception', 'Quarterly report.pdf', 'Released', { copies: '2' });
  // The decision and the body of the event become known a moment after the event was sent.
  for (const text of ['Duplicate', 'Decided', 'As your systems receive it from the queue']) {
    await page.locator('#job').getByText(text, { exact: true }).first().waitFor();
  }
  await page.getByText('1 notification left').waitFor({ state: 'detached' });
}

async function print(page, printer, document, outcome, { copies = '1' } = {}) {
  const option = page.locator('select[name="printer"]').locator('option', { hasText: printer });
  await page.locator('select[name="printer"]').selectOption(await option.getAttribute('value'));
  await page.getByLabel('Document').fill(document);
  await page.getByLabel('Copies').fill(copies);
  await page.getByRole('button', { name: 'Print', exact: true }).click();
  await page.locator('#job .document', { hasText: document }).waitFor();
  await page.locator('#job .job-head').getByText(outcome, { exact: true }).waitFor();
}

async function save(name, png) {
  const small = shrinkPng(png);
  if (small.length > MOST_BYTES) throw new Error(`${name} has ${small.length} bytes, more than ${MOST_BYTES}.`);
  await writeFile(join(FOLDER, name), small);
  console.log(`docs/images/${name}  ${Math.round(small.length / 1024)} KB`);
}
