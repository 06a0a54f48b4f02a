import { request as httpRequest } from 'node:http';
import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import type { Browser, Page } from 'playwright-core';
import { eventually } from '../support/eventually';
import { measureContrast, openBrowser, openPage, type WatchedPage } from '../support/openBrowser';
import { startRealConsole, type RealConsole } from '../support/startRealConsole';

jest.setTimeout(120_000);

let real: RealConsole;
let browser: Browser;
let watched: WatchedPage;
let page: Page;

beforeAll(async () => {
  // One after the other: afterAll ends what has started.
  browser = await openBrowser();
  real = await startRealConsole();
});
beforeEach(async () => {
  watched = await openPage(browser, real.url, { permissions: ['clipboard-read', 'clipboard-write'] });
  ({ page } = watched);
  await page.getByText('Connected', { exact: true }).waitFor();
});
afterEach(async () => {
  const { errors, origins } = watched;
  await watched.close();
  expect({ errors, origins: [...origins] }).toEqual({ errors: [], origins: [real.origin] });
});
afterAll(async () => {
  await browser?.close();
  await real?.stop();
});

const panel = (name: string | RegExp) => page.getByRole('region', { name });
const badge = (word: string) =>
  panel(/^Job \d/)
    .locator('.job-head')
    .getByText(word, { exact: true });
const labels = () =>
  page
    .getByRole('list', { name: /^Steps of job/ })
    .locator('strong')
    .allTextContents();

/** Waits until the job has steps with these labels. A decision is known a moment after the outcome, from the event. */
const untilShown = (wanted: readonly string[]) =>
  eventually(`the steps ${wanted.join(', ')}`, async () => {
    const shown = await labels();
    return wanted.every((label) => shown.includes(label)) ? true : undefined;
  });

/** Prints with the form, by mouse, and waits until the job is shown. */
async function print(printer: RegExp, document: string): Promise<void> {
  const options = await page.locator('select[name="printer"]').locator('option').allTextContents();
  await page.locator('select[name="printer"]').selectOption({ label: options.find((one) => printer.test(one)) ?? '' });
  await page.getByLabel('Document').fill(document);
  await page.getByRole('button', { name: 'Print', exact: true }).click();
  await panel(/^Job \d/)
    .getByText(document, { exact: true })
    .waitFor();
}

const setFault = (title: string) => panel('Faults').getByRole('button', { name: `: ${title}` });

describe('the console in a browser, with the local cloud', () => {
  it('prints a job by keyboard alone, and shows its way live from the print to the event', async () => {
    const focused = () => page.evaluate<string>('document.activeElement.name || document.activeElement.textContent');
    const order: string[] = [];
    for (let tabs = 0; tabs < 10 && order.at(-1) !== 'Print'; tabs += 1) {
      await page.keyboard.press('Tab');
      order.push(await focused());
      const name = order.at(-1);
      if (name === 'document') await page.keyboard.type('Typed.pdf');
      if (name === 'color') await page.keyboard.press('Space');
      if (name === 'copies') await page.keyboard.type('2');
    }
    expect(order).toEqual(['Skip to the job', 'printer', 'document', 'copies', 'pages', 'color', 'Print']);
    await page.keyboard.press('Enter');
    await panel(/^Job \d/)
      .getByText('Typed.pdf', { exact: true })
      .waitFor();
    await badge('Released').waitFor();
    const way = ['Printed', 'Notified', 'Acknowledged', 'Claimed', 'Read', 'Decided', 'Acted', 'Event sent'];
    await untilShown(way);
    expect((await labels()).filter((label) => way.includes(label))).toEqual(way);
    expect(await page.getByRole('log').textContent()).toMatch(/^Job \d+\. /);
    // The option of the list is the selected one.
    expect(await page.getByRole('option', { selected: true, name: 'Typed.pdf' }).count()).toBe(1);
    const { data } = await shownEvent();
    expect(data).toMatchObject({ outcome: 'released', job: { configuration: { copies: 2, colorMode: 'color' } } });
  });

  it('shows the event, copies it and resends it, by keyboard', async () => {
    await print(/Reception/, 'Event.pdf');
    await badge('Released').waitFor();
    const event = await shownEvent();
    expect(event).toMatchObject({
      specversion: '1.0',
      type: 'print.job.started',
      subject: expect.stringMatching(/^jobs\//) as unknown,
    });
    await page.getByRole('button', { name: 'Copy', exact: true }).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Copied', exact: true }).waitFor();
    expect(JSON.parse(await page.evaluate<string>('navigator.clipboard.readText()'))).toEqual(event);
    await page.getByRole('button', { name: 'Resend', exact: true }).focus();
    await page.keyboard.press('Enter');
    await panel(/^Job \d/)
      .getByText('2 times, same id')
      .waitFor();
  });

  it('folds a repeated notification into one step', async () => {
    await setFault('Repeat the next notification').click();
    await print(/Reception/, 'Twice.pdf');
    await badge('Released').waitFor();
    await untilShown(['Duplicate', 'Event sent']);
    expect((await labels()).filter((label) => label === 'Event sent')).toHaveLength(1);
  });

  it.each([
    ['release', 'Released'],
    ['redirect', 'Redirected'],
    ['abort', 'Aborted'],
  ])('lets a person %s a held job, by keyboard', async (action, outcome) => {
    await print(/Badge release/, `To ${action}.pdf`);
    await badge('Held').waitFor();
    const opener = page.getByRole('button', {
      name: { release: 'Release', redirect: 'Redirect…', abort: 'Abort…' }[action] ?? '',
    });
    await opener.focus();
    await page.keyboard.press('Enter');
    if (action !== 'release') {
      await page.getByRole('dialog').waitFor();
      await page.keyboard.press('Escape');
      await page.getByRole('dialog').waitFor({ state: 'hidden' });
      expect(await labels()).not.toContain('Requested');
      await page.keyboard.press('Enter');
      await page
        .getByRole('dialog')
        .getByRole('button', { name: action === 'abort' ? 'Abort job' : 'Redirect' })
        .press('Enter');
    }
    await badge(outcome).waitFor();
    await untilShown(['Requested']);
    await panel(/^Job \d/)
      .getByText('print.job.ended', { exact: true })
      .waitFor();
    // The buttons are gone, and focus is where the job is.
    expect(await page.evaluate('document.activeElement.id')).toBe('job-title');
  });

  it('loses a notification, and the sweep finds the job', async () => {
    await setFault('Lose the next notification').click();
    await panel('Faults').getByText('1 notification left').waitFor();
    await print(/Reception/, 'Lost.pdf');
    await untilShown(['Lost']);
    await eventually(
      'found by the sweep',
      async () => {
        await page.getByRole('button', { name: 'Sweep now' }).click();
        await page.waitForTimeout(1_000);
        return (await labels()).includes('Found by sweep') ? true : undefined;
      },
      60_000,
    );
    await badge('Released').waitFor({ timeout: 60_000 });
  });

  it('throttles Graph, and the app waits and tries again', async () => {
    await panel('Faults').getByLabel('Calls').fill('1');
    await panel('Faults').getByLabel('Retry after, s').fill('1');
    let prints = 0;
    // The one call may be that of a timer of the app.
    await eventually(
      'throttled',
      async () => {
        await setFault('Throttle Graph').click();
        prints += 1;
        await print(/Reception/, `Throttled ${prints}.pdf`);
        await badge('Released').waitFor({ timeout: 60_000 });
        return (await labels()).includes('Throttled') ? true : undefined;
      },
      60_000,
    );
    await untilShown(['Throttled', 'Retried', 'Event sent']);
  });

  it('takes Graph down, and the job is done when Graph is back', async () => {
    await panel('Faults').getByLabel('Seconds').fill('3');
    await setFault('Take Graph down for a minute').click();
    await panel('Faults').getByText('lasts 3 s').waitFor();
    await print(/Reception/, 'Outage.pdf');
    await badge('Released').waitFor({ timeout: 60_000 });
  });

  it('forges a notification, which the app refuses', async () => {
    await setFault('Forge a notification').click();
    await panel('Service').getByText('Refused', { exact: true }).first().waitFor();
  });

  it('withdraws the consent of the customer, and grants it again', async () => {
    await setFault('Withdraw consent').click();
    await panel('Customers and watches').getByText('Consent withdrawn').waitFor();
    await setFault('Withdraw consent').click();
    await panel('Customers and watches').getByText('Consent granted').waitFor();
    await print(/Reception/, 'Again.pdf');
    await badge('Released').waitFor({ timeout: 60_000 });
  });

  it('kills the app, which processes the job of meanwhile when it is back', async () => {
    await setFault('Kill the app').click();
    await page.getByText('App down').waitFor();
    await print(/Reception/, 'Meanwhile.pdf');
    await page.getByText('App running').waitFor({ timeout: 60_000 });
    await panel('Service').getByText('Killed', { exact: true }).first().waitFor();
    await badge('Released').waitFor({ timeout: 90_000 });
  });

  it('shows the watches of the customer and counts down to their expiry', async () => {
    const times = panel('Customers and watches').getByRole('timer');
    await times.first().waitFor();
    const seconds = async () => {
      const [, days = '0', hours, minutes, rest] =
        /(?:(\d+) d )?(\d\d):(\d\d):(\d\d)/.exec((await times.first().textContent()) ?? '') ?? [];
      return ((Number(days) * 24 + Number(hours)) * 60 + Number(minutes)) * 60 + Number(rest);
    };
    const first = await seconds();
    // A subscription of Universal Print lasts 4230 minutes at most (resources/subscription.md).
    expect(first).toBeGreaterThan(0);
    expect(first).toBeLessThanOrEqual(4_230 * 60);
    await eventually('a lower time', async () => ((await seconds()) < first ? true : undefined));
    expect(await panel('Customers and watches').getByText('live', { exact: true }).count()).toBeGreaterThan(0);
  });

  it.each(['light', 'dark'] as const)('has enough contrast in the %s scheme', async (colorScheme) => {
    await page.emulateMedia({ colorScheme });
    expect((await measureContrast(page)).found).toEqual([]);
  });

  it('obeys no page of another origin, no other host, and no call without its token', async () => {
    const other = createServer(
      (_request, response) => void response.writeHead(200, { 'content-type': 'text/html' }).end('<p>other'),
    );
    other.listen(0, '127.0.0.1');
    await once(other, 'listening');
    const visitor = await openPage(browser, `http://127.0.0.1:${(other.address() as AddressInfo).port}/`);
    const before = await real.jobCount();
    const call = (init: string) =>
      visitor.page.evaluate<string>(
        `fetch('${real.origin}/api/print', ${init}).then((it) => it.type + it.status, (it) => it.name)`,
      );
    const body = JSON.stringify(JSON.stringify({ tenantId: real.tenantId, printerId: real.printerId }));
    const token = new URL(real.url).searchParams.get('token') ?? '';
    // With the token, which it cannot know, and as a request that needs no permission of the server.
    expect(await call(`{ method: 'POST', headers: { authorization: 'Bearer ${token}' }, body: ${body} }`)).toBe(
      'TypeError',
    );
    expect(await call(`{ method: 'POST', mode: 'no-cors', body: ${body} }`)).not.toMatch(/200/);
    await visitor.page.evaluate(
      `new Promise((done) => { const it = document.createElement('iframe'); it.onload = done; it.src = '${real.url}'; document.body.append(it); })`,
    );
    expect(visitor.errors.join('\n')).toMatch(/frame|X-Frame-Options|Content Security Policy/i);
    await visitor.close();
    other.close();
    const statusOf = (headers: Record<string, string>) =>
      new Promise<number | undefined>((resolve, reject) => {
        const sent = httpRequest(`${real.origin}/api/state`, { headers }, (answer) =>
          resolve(answer.resume().statusCode),
        );
        sent.on('error', reject).end();
      });
    const authorization = `Bearer ${token}`;
    expect(await statusOf({ authorization })).toBe(200);
    expect(await statusOf({ authorization, host: 'rebound.example' })).toBe(403);
    expect(await statusOf({ authorization, origin: 'http://rebound.example' })).toBe(403);
    expect(await statusOf({})).toBe(401);
    expect(await statusOf({ authorization: 'Bearer wrong' })).toBe(401);
    expect(await real.jobCount()).toBe(before);
  });

  it('shows a document name with markup and direction characters as text', async () => {
    await page.getByLabel('Document').fill('<img src=x onerror="window.hacked=1">\u202efdp.exe');
    await page.getByRole('button', { name: 'Print', exact: true }).click();
    await panel(/^Job \d/)
      .getByText('<img src=x onerror="window.hacked=1">\\u{202e}fdp.exe', { exact: true })
      .first()
      .waitFor();
    await badge('Released').waitFor();
    expect(await page.evaluate('window.hacked')).toBeUndefined();
  });
});

/** The event that is open, as it is shown. */
async function shownEvent(): Promise<Record<string, unknown>> {
  const text = await page
    .getByRole('region', { name: /^Body of/ })
    .first()
    .textContent();
  return JSON.parse(text ?? '') as Record<string, unknown>;
}
