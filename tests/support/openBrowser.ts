import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core';

/** A page, and what its browser noticed. */
export interface WatchedPage {
  readonly page: Page;
  /** Errors and warnings in the console of the page, and exceptions. */
  readonly errors: string[];
  /** The origins of all requests. */
  readonly origins: Set<string>;
  close(): Promise<void>;
}

/** The longest that an element may take: a bound on a test that fails, never a measure of one that passes. */
const LIMIT_MS = 20_000;

/** The browser that scripts/test.mjs found. */
export async function openBrowser(): Promise<Browser> {
  const { TEST_BROWSER = '/usr/bin/chromium' } = process.env;
  return chromium.launch({ executablePath: TEST_BROWSER });
}

/** A page of its own, 1280 by 800, without motion, at `url`. */
export async function openPage(browser: Browser, url: string, options?: BrowserContextOptions): Promise<WatchedPage> {
  const context = await browser.newContext({
    viewport: { width: 1280, height: 800 },
    reducedMotion: 'reduce',
    ...options,
  });
  context.setDefaultTimeout(LIMIT_MS);
  const page = await context.newPage();
  const errors: string[] = [];
  const origins = new Set<string>();
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') errors.push(message.text());
  });
  page.on('pageerror', (error) => errors.push(error.message));
  page.on('request', (request) => origins.add(new URL(request.url()).origin));
  await page.goto(url);
  return { page, errors, origins, close: () => context.close() };
}

/** What is too pale in the page, see tests/fixtures/browser/findPoorContrast.cjs, and how much it looked at. */
export async function measureContrast(page: Page): Promise<{ found: string[]; texts: number; fields: number }> {
  const source = readFileSync(join(__dirname, '..', 'fixtures', 'browser', 'findPoorContrast.cjs'), 'utf8');
  return page.evaluate(`(() => { const module = {}; ${source}; return module.exports(); })()`);
}

/** By how many pixels the page is wider than its window. */
export async function overflowOf(page: Page): Promise<number> {
  return page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth');
}
