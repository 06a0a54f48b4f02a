import { setTimeout as delay } from 'node:timers/promises';
import type { ProxyCall } from '../../local/faultProxy/proxyCall';
import { startAlertFlow, type AlertFlow } from '../support/alertFlow';
import { requireProxy } from '../support/armDeath';
import { eventually } from '../support/eventually';
import { bodyOf, CLIENT_ID, fetchableItem, stateFor } from '../support/notifications';
import { post } from '../support/post';
import { testKey } from '../support/testKey';
import { untilQueueEmpty } from '../support/untilQueueEmpty';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const QUEUE = 'print-notifications';
/** A sink where nothing listens: port 9 is reserved for a service that discards (RFC 863). */
const DEAF_SINK = {
  EVENTS_SINK_WEBHOOK_URL: 'http://127.0.0.1:9/events',
  EVENTS_SINK_WEBHOOK_SECRETS: `whsec_${testKey(1).toString('base64')}`,
};

jest.setTimeout(90_000);

/** The alerts on notifications, queues, sinks and settings fire in their situation, through the built app. */
describe('alerts on notifications and queues', () => {
  let flow: AlertFlow;
  beforeAll(async () => {
    flow = await startAlertFlow({ proxy: true });
  }, 60_000);
  afterEach(async () => {
    requireProxy(flow).cancelFaults();
    await flow.control.clearFaults();
  });
  afterAll(() => flow.stop(), 30_000);

  /** Alerts that fired while their situation lasted. */
  const fired = new Set<string>();
  const fires = async (alert: string) => {
    expect((await flow.untilFires(alert)).length).toBeGreaterThan(0);
    fired.add(alert);
  };
  const stores = ({ effect, resource }: ProxyCall) => effect === 'queue.send' && resource === QUEUE;
  /** A notification that Graph may have sent, and one whose clientState is wrong. */
  const itemsOf = async () => {
    const { tenantId, printerId } = await flow.onboard(['jobFetchable'], { trigger: false });
    const [keyId = '', secret = ''] = (flow.cloud.settings['CLIENT_STATE_KEYS'] ?? '').split(':');
    const key = { keyId, key: Buffer.from(secret, 'base64') };
    const clientState = stateFor({ kind: 'jobFetchable', id: printerId, tenantId, clientId: CLIENT_ID, ...key });
    const item = (id: string) =>
      fetchableItem({ tenantId, clientState, resource: `print/printers/${printerId}/jobs/${id}` });
    return {
      item,
      forged: { ...item('2'), clientState: clientState.replace(/.$/, (last) => (last === 'A' ? 'B' : 'A')) },
    };
  };

  const SITUATIONS: [situation: string, alerts: string[], drive: () => Promise<void>][] = [
    [
      'a body holds a genuine and a forged notification',
      ['notificationsRefused'],
      async () => {
        const { item, forged } = await itemsOf();
        expect((await post(flow.notificationsUrl, bodyOf(item('1'), forged))).status).toBe(202);
      },
    ],
    [
      'storage takes no message of three notifications',
      ['notificationsNotStored'],
      async () => {
        const { item } = await itemsOf();
        const outage = requireProxy(flow).fault({ match: stores, when: 'before', action: 'drop', count: Infinity });
        expect((await post(flow.notificationsUrl, bodyOf(item('1'), item('2'), item('3')))).status).toBe(503);
        outage.cancel();
      },
    ],
    [
      'storage does not deliver rules until the deadline of a task',
      ['jobsPastDeadline'],
      async () => {
        const { tenantId, printerId } = await flow.onboard(['jobStarted']);
        const match = ({ path }: ProxyCall) => path.includes(`/config/rules/${tenantId}`);
        const outage = requireProxy(flow).fault({ match, when: 'before', action: 'drop', count: Infinity });
        await flow.control.print(tenantId, { printerId });
        // The storage client tries for 15 seconds.
        await eventually('the first run', () => flow.logged('job.deferred')[0], 40_000);
        await flow.moveClock(28 * MINUTE);
        const isPastDeadline = (line: Record<string, unknown>) => line['jobOutcome'] === 'deadline';
        await eventually('the second run', () => flow.logged('job.processed').find(isPastDeadline), 40_000);
        outage.cancel();
      },
    ],
    [
      'the process stands still for ten seconds while two answers are open',
      ['acknowledgementsSlow', 'acknowledgementsDropped'],
      async () => {
        const { item } = await itemsOf();
        const pid = flow.cloud.hosts[0]?.workerPid() ?? 0;
        const held = requireProxy(flow).fault({ match: stores, when: 'before', action: 'hold', count: 2 });
        const answers = ['1', '2'].map((id) => post(flow.notificationsUrl, bodyOf(item(id))));
        await eventually('both are stored', () => (held.hits().length === 2 ? true : undefined));
        process.kill(pid, 'SIGSTOP');
        await delay(10_100);
        process.kill(pid, 'SIGCONT');
        held.cancel();
        await Promise.all(answers);
      },
    ],
    [
      'a message without a signature is in the queue, and is tried five times',
      ['messagesRefused', 'poison'],
      async () => {
        await flow.queues.put(QUEUE, { event: { kind: 'jobStarted' } });
        await untilQueueEmpty(flow);
      },
    ],
    ['a message is in a poison queue for 25 hours', ['poisonOld'], () => flow.moveClock(25 * HOUR)],
    [
      'a subscription is signed with a key that CLIENT_STATE_KEYS no longer has',
      ['unknownKey'],
      async () => {
        await flow.onboard(['jobFetchable'], { trigger: false });
        await flow.cloud.restartHost(0, { CLIENT_STATE_KEYS: `other:${testKey(2).toString('base64')}` });
        await flow.measure();
        await fires('unknownKey');
        await flow.cloud.restartHost();
      },
    ],
    [
      'the host receives no message for 16 minutes',
      ['queueStuck'],
      async () => {
        const { tenantId, printerId } = await flow.onboard(['jobFetchable'], { trigger: false });
        const match = ({ effect, resource }: ProxyCall) => effect === 'queue.receive' && resource === QUEUE;
        const held = requireProxy(flow).fault({ match, when: 'before', action: 'hold', count: Infinity });
        await held.reached;
        await flow.control.print(tenantId, { printerId });
        await flow.control.idle();
        flow.cloud.clock?.move(16 * MINUTE);
        await flow.measure();
        await fires('queueStuck');
        held.cancel();
      },
    ],
    [
      'the sink accepts no event, and later the events are three days old',
      ['eventsPostponed', 'eventsDead'],
      async () => {
        const { tenantId, printerId } = await flow.onboard(['jobFetchable'], { trigger: false });
        await flow.cloud.restartHost(0, DEAF_SINK);
        await flow.control.print(tenantId, { printerId, count: 3 });
        // The sink is offered one event after each pause.
        for (let offer = 0; offer < 3; offer += 1) {
          await flow.moveClock(2 * MINUTE);
          await flow.runNow('deliverWaitingEvents');
        }
        await fires('eventsPostponed');
        await flow.moveClock(73 * HOUR);
        await flow.runNow('deliverWaitingEvents');
        await flow.measure();
        await fires('eventsDead');
        await flow.cloud.restartHost();
      },
    ],
    [
      'Graph asks to wait for each call of three renewals, five minutes apart',
      ['throttling'],
      async () => {
        const { tenantId } = await flow.onboard([]);
        for (let printer = 0; printer < 8; printer += 1) {
          const { id } = await flow.control.createPrinter(tenantId);
          await flow.watch({ tenantId, kind: 'jobFetchable', id });
        }
        await flow.moveClock(HOUR);
        const action = { type: 'status', status: 429, retryAfterSeconds: 240 } as const;
        await flow.control.addFault({ tenantId, pathPattern: '/subscriptions', count: -1, action });
        for (let run = 0; run < 3; run += 1) {
          if (run > 0) await flow.moveClock(5 * MINUTE);
          await flow.runNow('renewSubscriptions');
          // What is counted has the time of its export.
          await flow.measure();
        }
        await flow.control.clearFaults();
      },
    ],
    [
      'a setting is wrong, and five runs of a timer fail',
      ['settingsInvalid', 'functionsFailed'],
      async () => {
        await flow.cloud.restartHost(0, { CLIENT_STATE_KEYS: 'wrong' });
        await flow.start(Array<'recoverJobs'>(5).fill('recoverJobs'));
        await fires('settingsInvalid');
        await fires('functionsFailed');
        await flow.cloud.restartHost();
      },
    ],
    [
      'a message is signed with a key that CLIENT_STATE_KEYS does not have',
      ['messagesHeld'],
      // 43 characters are a mac of 32 bytes. Nothing can check it without the key.
      () => flow.queues.put(QUEUE, { event: { kind: 'jobStarted' }, mac: `gone.${'A'.repeat(43)}` }),
    ],
  ];

  it.each(SITUATIONS)('%s: %j', async (_situation, alerts, drive) => {
    flow.forget();
    // What the backend of the vendor does all the time.
    await flow.takeEvents();
    await flow.measure();
    expect(alerts.flatMap((alert) => flow.evaluate(alert))).toEqual([]);
    await drive();
    await flow.measure();
    for (const alert of alerts) if (!fired.has(alert)) await fires(alert);
  });
});
