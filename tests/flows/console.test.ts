import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { JobStory, StepKind } from '../../local/console/consoleApi';
import { describeLocalCloud } from '../../local/describeLocalCloud';
import { startConsole, type Console } from '../../local/console/startConsole';
import { FIRST_CUSTOMER, onboardFirstCustomer } from '../../local/firstCustomer';
import { writeLocalCloudFile } from '../../local/localCloudFile';
import { runCliCommand } from '../../local/processes';
import { callConsole } from '../support/callConsole';
import { runCommand } from '../support/runCommand';
import { eventually } from '../support/eventually';
import { ROOT, startFlow, type Flow } from '../support/startFlow';

const { tenantId, printers } = FIRST_CUSTOMER;
const kinds = ({ steps }: JobStory) => steps.map(({ kind }) => kind);
const isDone = ({ status, events }: JobStory) => status === 'done' && events.length > 0;
const LIMIT_MS = 40_000;

/** The console of `npm start`, with its first customer, as its page uses it. */
describe('the console of the local cloud', () => {
  let flow: Flow;
  let shown: Console;
  let page: ReturnType<typeof callConsole>;
  beforeAll(async () => {
    flow = await startFlow();
    shown = await startConsole({ root: ROOT, cloud: flow.cloud, port: 0 });
    page = callConsole(shown.address);
    await onboardFirstCustomer(flow.control, (...args) => runCliCommand(ROOT, flow.cloud.environment, args));
  }, 90_000);
  afterAll(async () => {
    await shown.stop();
    await flow.stop();
  }, 30_000);
  const print = (printer: keyof typeof printers, more: { copies?: number } = {}) =>
    page.print({ tenantId, printerId: printers[printer].id, ...more });
  const setFault = async (name: string, request: object = {}) => {
    expect(await page.call('POST', `faults/${name}`, request)).toMatchObject({ status: 200, body: { name } });
  };
  const untilService = (kind: StepKind) =>
    eventually(kind, async () => (await page.snapshot()).state.service.find((step) => step.kind === kind), LIMIT_MS);

  it('shows the onboarded customer, its printers, and its watches with their time to expiry', async () => {
    const [customer] = await eventually('the watches', async () => {
      const { customers } = (await page.snapshot()).state;
      return customers[0]?.watches.length === 2 ? customers : undefined;
    });
    expect(customer).toMatchObject({
      ...{ tenantId, name: 'Contoso', consent: 'granted' },
      printers: [
        { name: 'Reception', scenario: 'jobStarted' },
        { name: 'Archive', scenario: 'jobFetchable' },
        { name: 'Badge release', scenario: 'jobStarted' },
      ],
    });
    const watches = customer?.watches.map(({ name, scenario, status }) => [name, scenario, status]);
    expect(watches?.sort()).toEqual([
      ['Archive', 'jobFetchable', 'live'],
      ['Receiver', 'jobStarted', 'live'],
    ]);
    // Graph lets a subscription of these resources live for 4,230 minutes (resources/subscription.md).
    for (const { expiresAt = 0 } of customer?.watches ?? []) {
      expect(expiresAt).toBeGreaterThan(Date.now());
      expect(expiresAt).toBeLessThanOrEqual(Date.now() + 4_230 * 60_000);
    }
  });

  it('streams the way of a job from print to event, with the body of the event', async () => {
    const ending = new AbortController();
    const seen: string[] = [];
    const request = { tenantId, printerId: printers.waiting.id, user: 'ada@contoso.example', document: 'plan.pdf' };
    let printed = { id: '', jobNumber: '' };
    let last: JobStory | undefined;
    for await (const event of page.stream(ending.signal)) {
      seen.push(event.name);
      if (event.name === 'snapshot') printed = await page.print({ ...request, copies: 2, color: true, pages: '1-3' });
      if (event.name === 'job' && event.data.id === printed.id) last = event.data;
      if (last && isDone(last)) break;
    }
    ending.abort();
    expect(seen[0]).toBe('snapshot');
    expect(kinds(last as JobStory)).toEqual([
      ...['printed', 'notified', 'acknowledged', 'claimed', 'read', 'decided', 'acted', 'event'],
    ]);
    expect(last).toMatchObject({
      ...{ jobNumber: printed.jobNumber, printer: 'Reception', user: 'ada@contoso.example', document: 'plan.pdf' },
      ...{ outcome: 'released', scenario: 'jobStarted' },
      events: [
        {
          type: 'print.job.started',
          body: {
            specversion: '1.0',
            data: { outcome: 'released', job: { createdBy: { userPrincipalName: 'ada@contoso.example' } } },
          },
        },
      ],
    });
  }, 60_000);

  it('shows a job that is only fetched, and one that a rule aborts', async () => {
    const [free, big] = [await print('free'), await print('waiting', { copies: 900 })];
    expect(kinds(await page.untilJob('the fetched job', free.id, isDone))).toEqual([
      ...['printed', 'notified', 'acknowledged', 'claimed', 'read', 'event'],
    ]);
    const aborted = await page.untilJob('the aborted job', big.id, isDone);
    expect(aborted.outcome).toBe('aborted');
    expect(aborted.steps.map(({ text }) => text)).toEqual(
      expect.arrayContaining(['The rule "big jobs" decides: abort', 'The app aborts the job']),
    );
  });

  it.each([
    ['release', {}, 'released'],
    ['redirect', { printerId: printers.free.id }, 'redirected'],
    ['abort', {}, 'aborted'],
  ])(
    '%s ends a held job by the route of the app',
    async (action, body, outcome) => {
      const { id } = await print('held');
      const held = await page.untilJob(
        'the held job',
        id,
        ({ status, events }) => status === 'held' && events.length > 0,
      );
      expect(held.steps.map(({ text }) => text)).toContain('The rule "badge release" decides: hold');
      const path = `jobs/${tenantId}/${held.key ?? ''}/${action}`;
      expect(await page.call('POST', path, body)).toEqual({ status: 202, body: {} });
      const ended = await page.untilJob('its end', id, (story) => isDone(story) && story.events.length === 2);
      expect([ended.outcome, kinds(ended)]).toEqual([outcome, expect.arrayContaining(['held', 'requested', 'acted'])]);
      // A second time it is no longer held.
      expect(await page.call('POST', path, body)).toMatchObject({
        status: 409,
        body: { error: { code: 'appRefused' } },
      });
    },
    60_000,
  );

  it('resends an event with the same id', async () => {
    const { id } = await print('free');
    const { events } = await page.untilJob('the event', id, isDone);
    const { key = '' } = events[0] ?? {};
    expect(await page.call('POST', 'events/resend', { tenantId, key })).toEqual({ status: 202, body: {} });
    const again = await page.untilJob('the event again', id, (story) => story.events[0]?.repeats === 1);
    expect(again.events).toHaveLength(1);
  });

  describe('a fault, and how the app recovers', () => {
    it('lose-next: the sweep finds the job', async () => {
      await setFault('lose-next');
      const { id } = await print('waiting');
      await page.untilJob('the loss', id, (story) => kinds(story).includes('lost'));
      expect(await page.call('POST', 'sweep')).toEqual({ status: 202, body: {} });
      const found = await page.untilJob('the recovered job', id, isDone, LIMIT_MS);
      expect(kinds(found)).toEqual(['printed', 'lost', 'swept', 'claimed', 'read', 'decided', 'acted', 'event']);
    }, 60_000);

    it('repeat-next: the job takes effect once', async () => {
      await setFault('repeat-next');
      const { id } = await print('waiting');
      const story = await page.untilJob('the duplicate', id, (one) => isDone(one) && kinds(one).includes('duplicate'));
      expect(story.events).toHaveLength(1);
      expect(kinds(story).filter((kind) => kind === 'acted')).toHaveLength(1);
    });

    it('throttle: the app waits, and tries again', async () => {
      await setFault('throttle', { count: 1, seconds: 1, tenantId });
      const { id } = await print('waiting');
      const story = await page.untilJob('the recovered job', id, isDone, LIMIT_MS);
      expect(kinds(story)).toEqual(expect.arrayContaining(['throttled', 'retried', 'acted', 'event']));
    }, 60_000);

    it('outage: the job goes through at its end', async () => {
      await setFault('outage', { seconds: 2 });
      const { id } = await print('waiting');
      expect((await page.snapshot()).state.faults.find(({ name }) => name === 'outage')).toMatchObject({ isSet: true });
      await page.untilJob('the recovered job', id, isDone, LIMIT_MS);
    }, 60_000);

    it('forge: the app refuses the notification, and calls nothing', async () => {
      const calls = (await flow.control.calls()).length;
      await setFault('forge');
      expect((await untilService('refused')).text).toContain('wrongMac');
      expect(await flow.control.calls()).toHaveLength(calls);
    });

    it('no-consent: work waits until the customer consents again', async () => {
      await setFault('no-consent');
      const { state } = await page.snapshot();
      expect(state.customers[0]?.consent).toBe('withdrawn');
      const { id } = await print('waiting');
      await page.untilJob('the loss', id, (story) => kinds(story).includes('lost'));
      expect(await page.call('DELETE', 'faults/no-consent')).toMatchObject({ status: 200, body: { isSet: false } });
      expect((await page.snapshot()).state.customers[0]?.consent).toBe('granted');
      await page.call('POST', 'sweep');
      await page.untilJob('the recovered job', id, isDone, LIMIT_MS);
      expect((await untilService('consent')).text).toContain('Contoso');
    }, 90_000);

    it('kill: Graph posts again until the app is back', async () => {
      await setFault('kill', { seconds: 1 });
      expect((await page.snapshot()).state.app.state).not.toBe('running');
      expect(await page.call('POST', 'faults/kill', {})).toMatchObject({
        status: 409,
        body: { error: { code: 'appDown' } },
      });
      const { id } = await print('waiting');
      const story = await page.untilJob('the recovered job', id, isDone, LIMIT_MS);
      expect(kinds(story)).toEqual(expect.arrayContaining(['unavailable', 'retried', 'acknowledged', 'event']));
      const { app, service } = (await page.snapshot()).state;
      expect([app.state, service.map(({ kind }) => kind)]).toEqual([
        'running',
        expect.arrayContaining(['killed', 'started']) as unknown,
      ]);
    }, 90_000);
  });

  it('is not needed for the commands that npm start prints', async () => {
    const said = describeLocalCloud({ appUrl: '', graphUrl: '', authorityUrl: '' });
    const commands = [...said.matchAll(/^ {2}npm run -s cli -- (.+)$/gm)].map(([, words = '']) => words.split(' '));
    expect(commands.length).toBeGreaterThan(1);
    const folder = mkdtempSync(join(tmpdir(), 'console-'));
    writeLocalCloudFile(folder, flow.cloud.simulator);
    for (const argv of commands) {
      const { code, stderr } = await runCommand(argv, { env: flow.cloud.environment, cwd: folder });
      expect([argv, code, stderr]).toEqual([argv, 0, '']);
    }
    rmSync(folder, { recursive: true });
    await page.call('DELETE', 'faults/lose-next');
  });

  it('shows the event of a job although the queue holds more than it can show', async () => {
    for (let count = 0; count < 2; count += 1) {
      await flow.control.print(tenantId, { printerId: printers.free.id, count: 20 });
      await flow.untilQuiet();
    }
    const { id } = await print('free');
    const { events } = await page.untilJob('the event', id, isDone, LIMIT_MS);
    expect(events).toMatchObject([{ type: 'print.job.fetchable', body: { data: { outcome: 'fetchable' } } }]);
  }, 90_000);

  it.each([
    ['POST', 'print', { tenantId, printerId: 'none' }, 404],
    ['POST', 'print', { tenantId, printerId: printers.free.id, pages: '3-1' }, 400],
    ['POST', 'print', { tenantId, printerId: printers.free.id, copies: 0 }, 400],
    ['POST', `jobs/${tenantId}/jobStarted_none_none/release`, {}, 404],
    ['POST', `jobs/${tenantId}/jobStarted_none_none/paint`, {}, 404],
    ['POST', 'events/resend', { tenantId, key: '--since' }, 400],
    ['POST', 'events/resend', { tenantId, key: 'jobStarted_none_none' }, 502],
    ['POST', 'faults/fire', {}, 404],
    ['POST', 'faults/throttle', { seconds: -1 }, 400],
    ['DELETE', 'faults/kill', undefined, 409],
    ['GET', 'nothing', undefined, 404],
  ])('%s %s %j is answered with %d and an error', async (method, path, body, status) => {
    const answer = await page.call(method, path, body);
    expect(answer).toMatchObject({ status, body: { error: { code: expect.stringMatching(/^\w+$/) as unknown } } });
  });
});
