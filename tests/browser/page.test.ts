import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { STEP_KINDS, type JobStory, type SentEvent } from '../../local/console/consoleApi';
import { measureContrast, openBrowser, openPage, overflowOf, type WatchedPage } from '../support/openBrowser';
import { faultOf, snapshotOf, startScriptedConsole, storyOf, type ScriptedConsole } from '../support/scriptedConsole';

/** Markup, an override of the direction, and a letter that runs from right to left. */
const HOSTILE = '<img src=x onerror="window.hacked=1"><b>\u202efdp.exe ד';
const SHOWN = '<img src=x onerror="window.hacked=1"><b>\\u{202e}fdp.exe ד';
const SIGNS = ['waiting', 'held', 'requested', 'done', 'failed', 'unwatched'] as const;

jest.setTimeout(60_000);

let browser: Browser;
let server_: ScriptedConsole | undefined;
let watched: WatchedPage | undefined;

beforeAll(async () => {
  browser = await openBrowser();
});
afterEach(async () => {
  await watched?.close();
  await server_?.stop();
  watched = server_ = undefined;
});
afterAll(() => browser.close());

async function open(snapshot = snapshotOf(), options?: BrowserContextOptions) {
  const server = (server_ = await startScriptedConsole(snapshot));
  watched = await openPage(browser, server.url, options);
  return { server, page: watched.page, errors: watched.errors };
}

const panel = (page: Page, name: string) => page.getByRole('region', { name });

describe('the page of the console', () => {
  it('without a job shows the way of a job, and without a customer what to do', async () => {
    const { page } = await open({ ...snapshotOf(), state: { ...snapshotOf().state, customers: [] } });
    await page.getByText('No job yet').waitFor();
    const way = await page.getByRole('list', { name: 'The way of a job' }).locator('strong').allTextContents();
    expect(way).toEqual(['Printed', 'Notified', 'Acknowledged', 'Claimed', 'Read', 'Decided', 'Acted', 'Event sent']);
    await panel(page, 'Print a job').getByText('docs/onboarding.md').waitFor();
    await panel(page, 'Customers and watches').getByText('docs/onboarding.md').waitFor();
  });

  it('shows names with markup and direction characters as text, everywhere', async () => {
    const story = storyOf('1', {
      ...{ document: HOSTILE, user: HOSTILE, customer: HOSTILE, printer: HOSTILE },
      steps: [{ at: 0, kind: 'printed', text: HOSTILE }],
      events: [eventOf('1', { name: HOSTILE })],
    });
    const { state } = snapshotOf();
    const customers = state.customers.map((customer) => ({
      ...customer,
      name: HOSTILE,
      printers: customer.printers.map((printer) => ({ ...printer, name: HOSTILE })),
      watches: customer.watches.map((watch) => ({ ...watch, name: HOSTILE })),
    }));
    const service = [{ at: 0, kind: 'refused' as const, text: HOSTILE }];
    const faults = [faultOf('throttle', { isSet: true, state: HOSTILE })];
    const { page, server, errors } = await open({ state: { ...state, customers, service, faults }, jobs: [story] });
    await panel(page, 'Job 1').waitFor();
    server.refuseNext(409, HOSTILE);
    await page.getByRole('button', { name: 'Print', exact: true }).click();
    await panel(page, 'Print a job').getByRole('alert').getByText(SHOWN).waitFor();
    const counts = await Promise.all(
      ['Jobs', 'Job 1', 'Customers and watches', 'Service', 'Faults'].map((name) =>
        panel(page, name).getByText(SHOWN, { exact: true }).count(),
      ),
    );
    expect(counts).toEqual([3, 5, 2, 1, 1]);
    expect(await page.locator('option').allTextContents()).toEqual([
      `${SHOWN} (JobStarted)`,
      `${SHOWN} (JobFetchable)`,
    ]);
    expect(await page.locator('img:not([src="icon.svg"]), b').count()).toBe(0);
    expect(await page.evaluate('window.hacked')).toBeUndefined();
    expect(await page.evaluate('/[\\u202a-\\u202e\\u2066-\\u2069]/.test(document.body.textContent)')).toBe(false);
    // The browser reports the answer of the refused call.
    expect(errors).toHaveLength(1);
  });

  it.each(['light', 'dark'] as const)('has enough contrast in the %s scheme, for every state', async (colorScheme) => {
    const steps = STEP_KINDS.map((kind, at) => ({ at, kind, text: `Text of ${kind}`, repeats: 1 }));
    const jobs = SIGNS.map((status) => storyOf(status, { status, steps, events: [eventOf(status, { a: [1, true] })] }));
    const { state } = snapshotOf([]);
    const [contoso] = state.customers;
    if (contoso === undefined) throw new Error('The snapshot has no customer');
    const customers = (['granted', 'notGranted', 'withdrawn'] as const).map((consent) => ({
      ...{ ...contoso, consent, tenantId: consent === 'granted' ? contoso.tenantId : consent },
      watches: ['live', 'failing'].map((status) => ({
        ...contoso.watches[0],
        watchId: status,
        status,
        scenario: 'jobStarted' as const,
        name: status,
        expiresAt: Date.now() + 60_000,
      })),
    }));
    const faults = state.faults.map((fault) => ({ ...fault, isSet: true, state: '2 calls left' }));
    const { page, server } = await open(
      { state: { ...state, customers, faults, service: steps }, jobs },
      { colorScheme },
    );
    const canvas: string = await page.evaluate('getComputedStyle(document.body).backgroundColor');
    expect(canvas).toBe(colorScheme === 'dark' ? 'rgb(13, 16, 20)' : 'rgb(243, 245, 248)');
    for (const status of SIGNS) {
      await page.getByRole('option', { name: status }).click();
      server.refuseNext(409, 'An error near its button');
      await page.getByRole('button', { name: 'Resend' }).click();
      await panel(page, `Job ${status}`).getByText('An error near its button').waitFor();
      const { found, texts, fields } = await measureContrast(page);
      expect(found).toEqual([]);
      expect(texts).toBeGreaterThan(100);
      expect(fields).toBeGreaterThan(3);
    }
    await page.getByRole('option', { name: 'held' }).click();
    for (const name of ['Redirect…', 'Abort…']) {
      await page.getByRole('button', { name }).click();
      expect((await measureContrast(page)).found).toEqual([]);
      await page.keyboard.press('Escape');
    }
    await server.stop();
    await page.getByText('The connection to the local cloud is lost.').waitFor();
    expect((await measureContrast(page)).found).toEqual([]);
    await server.restart();
  });

  it.each([1280, 900, 720, 390, 360])('fits a window of %i pixels, also with long names', async (width) => {
    const long = 'A'.repeat(200);
    const story = storyOf('1', { document: long, user: long, status: 'held', events: [eventOf('1', { long })] });
    const { page } = await open(snapshotOf([story]), { viewport: { width, height: 800 } });
    await panel(page, 'Job 1').waitFor();
    expect(await overflowOf(page)).toBe(0);
    for (const name of ['Print', 'Release', 'Redirect…', 'Abort…', 'Copy', 'Resend', 'Sweep now']) {
      const box = await page.getByRole('button', { name, exact: true }).boundingBox();
      expect(box && box.x >= 0 && box.x + box.width <= width).toBe(true);
    }
  });

  it('moves nothing where less motion is preferred, and something elsewhere', async () => {
    const moving = 'document.getAnimations().length';
    const story = storyOf('1', { status: 'waiting' });
    const { page } = await open(snapshotOf([story]), { reducedMotion: 'reduce' });
    await page.getByText('Next: notified').waitFor();
    expect(await page.evaluate(moving)).toBe(0);
    await page.emulateMedia({ reducedMotion: 'no-preference' });
    expect(await page.evaluate(moving)).toBeGreaterThan(0);
  });

  it('says that the connection is lost, and continues with what the server has when it is back', async () => {
    const snapshot = snapshotOf([storyOf('1')]);
    const { page, server } = await open(snapshot);
    await page.getByText('Connected', { exact: true }).waitFor();
    await server.stop();
    await page.getByRole('alert').getByText('The connection to the local cloud is lost.').waitFor();
    await page.getByText('Disconnected').waitFor();
    await page.getByRole('button', { name: 'Print', exact: true }).click();
    await panel(page, 'Print a job').getByText('Is npm start still running?').waitFor();
    snapshot.jobs.push(storyOf('2'));
    await server.restart();
    await page.getByText('Connected', { exact: true }).waitFor();
    await page.getByRole('option', { name: '2 Report.pdf' }).waitFor();
    expect(await page.getByText('The connection to the local cloud is lost.').count()).toBe(0);
  });

  it.each(['', '?token=', '?token=of-an-earlier-start'])(
    'opened with "%s" explains where the address is',
    async (query) => {
      server_ = await startScriptedConsole(snapshotOf());
      watched = await openPage(browser, new URL(`/${query}`, server_.url).href);
      const { page } = watched;
      await page.getByRole('heading', { level: 1, name: 'This address does not open the console' }).waitFor();
      await page.getByText('npm start').first().waitFor();
      expect(await page.getByRole('button').count()).toBe(0);
    },
  );

  it('announces the new steps of the job, and not the ones that were there', async () => {
    const story = storyOf('1', { status: 'waiting' });
    const { page, server } = await open(snapshotOf([story]));
    const log = page.getByRole('log');
    await panel(page, 'Job 1').waitFor();
    expect(await log.textContent()).toBe('');
    const steps = [...story.steps, { at: story.printedAt + 24, kind: 'notified' as const, text: 'Graph posts' }];
    server.send({ name: 'job', data: { ...story, steps } });
    await page.getByText('+24 ms').waitFor();
    expect(await log.textContent()).toBe('Job 1. Notified: Graph posts');
  });

  it('keeps focus, selection and half-typed text when a job or the state is replaced', async () => {
    const { page, server } = await open(snapshotOf([storyOf('1'), storyOf('2')]));
    await page.getByRole('option', { name: '1 Report.pdf' }).click();
    await page.locator('select[name="printer"]').selectOption({ label: 'Archive (JobFetchable)' });
    await page.getByLabel('Document').fill('Half');
    server.send({ name: 'state', data: { ...snapshotOf().state, service: [{ at: 1, kind: 'killed', text: 'Gone' }] } });
    server.send({ name: 'job', data: storyOf('1', { outcome: 'aborted' }) });
    await panel(page, 'Job 1').getByText('Aborted').waitFor();
    await page.keyboard.type(' written');
    expect(await page.getByLabel('Document').inputValue()).toBe('Half written');
    expect(await page.locator('select[name="printer"]').inputValue()).toContain('p2');
  });

  it('asks before it aborts or redirects: Escape closes the question, and focus returns', async () => {
    const { page, server } = await open(snapshotOf([storyOf('1', { status: 'held' })]));
    for (const name of ['Redirect…', 'Abort…']) {
      const button = page.getByRole('button', { name });
      await button.focus();
      await page.keyboard.press('Enter');
      await page.getByRole('dialog').waitFor();
      await page.keyboard.press('Escape');
      await page.getByRole('dialog').waitFor({ state: 'hidden' });
      expect(await page.evaluate('document.activeElement.textContent')).toBe(name);
    }
    expect(server.calls).toEqual([]);
    server.refuseNext(409, 'The printer takes no jobs.');
    await page.getByRole('button', { name: 'Redirect…' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Redirect' }).click();
    await page.getByRole('group', { name: 'Actions on job 1' }).getByText('The printer takes no jobs.').waitFor();
    expect(server.calls).toEqual([
      { call: `POST /api/jobs/${storyOf('1').tenantId}/jobStarted_d_1/redirect`, body: { printerId: 'p2' } },
    ]);
  });

  it('names every button and field, and has one main heading, a banner and a main landmark', async () => {
    const { page } = await open(snapshotOf([storyOf('1', { status: 'held', events: [eventOf('1', {})] })]));
    await panel(page, 'Job 1').waitFor();
    for (const role of ['button', 'textbox', 'combobox', 'spinbutton', 'checkbox', 'listbox'] as const) {
      const all = await page.getByRole(role).count();
      expect(all).toBeGreaterThan(0);
      expect(await page.getByRole(role, { name: /\S/ }).count()).toBe(all);
    }
    expect(await page.getByRole('heading', { level: 1 }).count()).toBe(1);
    expect(await page.getByRole('banner').count()).toBe(1);
    expect(await page.getByRole('main').count()).toBe(1);
  });
});

function eventOf(jobNumber: string, data: unknown): SentEvent {
  const { key = '', printedAt }: JobStory = storyOf(jobNumber);
  return {
    id: `event/${jobNumber}`,
    type: 'print.job.started',
    key,
    body: { specversion: '1.0', data },
    sentAt: printedAt,
  };
}
