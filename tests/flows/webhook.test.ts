import fc from 'fast-check';
import { badInputs } from '../fixtures/badInputs';
import { eventually } from '../support/eventually';
import { madeUpItem } from '../support/madeUpItems';
import { bodyOf, startedItem, TEST_KEYS_SETTING } from '../support/notifications';
import { post } from '../support/post';
import { startFlow, type Flow } from '../support/startFlow';

/** The front door as Graph, and anybody else, finds it: through the host, on both routes. */
describe('the webhook behind the functions host', () => {
  let flow: Flow;
  beforeAll(async () => {
    flow = await startFlow({ proxy: true, settings: { CLIENT_STATE_KEYS: TEST_KEYS_SETTING } });
  }, 60_000);
  afterAll(() => flow.stop(), 30_000);

  const routes = () => {
    const base = flow.cloud.settings['PUBLIC_BASE_URL'] ?? '';
    return [`${base}/notifications`, `${base}/lifecycle`];
  };
  const routeAt = (index: number) => routes()[index % 2] ?? '';
  /** How many messages the webhook itself has stored on each queue. */
  const stored = () => {
    const on = (queue: string) =>
      (flow.cloud.proxy?.calls() ?? []).filter(
        ({ effect, resource, bodyText = '' }) => effect === 'queue.send' && resource === queue && isOfWebhook(bodyText),
      ).length;
    return { jobs: on('print-notifications'), subscriptions: on('subscription-events') };
  };

  /** concepts/change-notifications-delivery-webhooks.md: 200, text/plain, the decoded token and nothing else. */
  const expectHandshake = async (url: string, token: string) => {
    const answer = await post(`${url}?${new URLSearchParams({ validationToken: token }).toString()}`, '');
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toMatch(/^text\/plain/);
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
    expect(answer.body.equals(Buffer.from(token, 'utf8'))).toBe(true);
  };

  it('echoes 1,000 made-up validation tokens byte for byte', async () => {
    const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 300 });
    const likeGraph = fc
      .uuid()
      .map((id) => `Validation: Testing client application reachability for subscription Request-Id: ${id}`);
    const tokens = fc.sample(fc.oneof(text, likeGraph, fc.base64String({ minLength: 4 })), {
      numRuns: 1_000,
      seed: 42,
    });
    for (let start = 0; start < tokens.length; start += 25) {
      await Promise.all(tokens.slice(start, start + 25).map((token, index) => expectHandshake(routeAt(index), token)));
    }
  }, 60_000);

  // Kestrel takes a request line of 8 KiB (KestrelServerLimits.MaxRequestLineSize), so the host is the first to refuse.
  it('takes a validation token of 8,000 characters, and none above 8 KiB', async () => {
    await expectHandshake(routeAt(0), 'x'.repeat(8_000));
    const { status } = await post(`${routeAt(0)}?validationToken=${'x'.repeat(8 * 1024 + 1)}`, '');
    expect(status).toBe(414);
  });

  it.each(badInputs.map((input, index) => [input.name, input, index] as const))(
    'answers bad input as decided: %s',
    async (_name, input, index) => {
      const before = { stored: stored(), lines: flow.logged('notifications.received').length };
      const answer = await post(routeAt(index), input.body);
      expect(answer.status).toBe(input.status);
      expect(answer.body).toHaveLength(0);
      const line = await eventually('the log line', () => flow.logged('notifications.received')[before.lines]);
      expect(refusedOf(line)).toEqual(input.refused);
      expect(line['unknownKey']).toBe(input.unknownKey ?? 0);
      expect(line['accepted']).toBe(input.queueGrowth);
      expect(stored()).toEqual({ ...before.stored, jobs: before.stored.jobs + input.queueGrowth });
    },
  );

  it('never stores anything for made-up items, and counts each by the reason it was made for', async () => {
    const before = stored();
    let lines = flow.logged('notifications.received').length;
    await fc.assert(
      fc.asyncProperty(fc.array(madeUpItem, { maxLength: 5 }), async (made) => {
        const expected: Record<string, number> = {};
        for (const { reason } of made) expected[reason] = (expected[reason] ?? 0) + 1;
        const { unknownKey = 0, ...refused } = expected;
        const { status } = await post(routeAt(made.length), bodyOf(...made.map(({ item }) => item)));
        expect(status).toBe(unknownKey > 0 ? 503 : 202);
        const line = await eventually('the log line', () => flow.logged('notifications.received')[lines]);
        lines += 1;
        expect(refusedOf(line)).toEqual(refused);
        expect(line).toMatchObject({ items: made.length, unknownKey, accepted: 0 });
      }),
      { numRuns: 150, seed: 7 },
    );
    expect(stored()).toEqual(before);
  }, 60_000);

  it('finds the body of a chunked request empty, as the host hands it over, and says so in its log', async () => {
    const before = flow.logged('notifications.received').length;
    const stream = new Blob([new Uint8Array(bodyOf(startedItem()))]).stream();
    const answer = await fetch(routeAt(0), { method: 'POST', body: stream, duplex: 'half' });
    expect(answer.status).toBe(400);
    const line = await eventually('the log line', () => flow.logged('notifications.received')[before]);
    expect(line['refused.emptyBody']).toBe(1);
    expect(String(line['hint'])).toMatch(/chunked/);
  });

  it('leaves other methods to the host: 404', async () => {
    for (const method of ['GET', 'PUT', 'DELETE', 'PATCH']) {
      expect((await fetch(routeAt(0), { method })).status).toBe(404);
    }
  });

  it('answers the handshake without valid settings, and everything else with 503', async () => {
    await flow.cloud.restartHost(0, { CLIENT_STATE_KEYS: '', PUBLIC_BASE_URL: 'nonsense' });
    try {
      const base = `${flow.cloud.hosts[0]?.url ?? ''}/api/notifications`;
      await expectHandshake(base, 'still here');
      expect((await post(base, bodyOf(startedItem()))).status).toBe(503);
      const line = await eventually('the log line', () => flow.logged('function.failed')[0]);
      expect(String(line['message'])).toMatch(/CLIENT_STATE_KEYS.*PUBLIC_BASE_URL/);
      expect(JSON.stringify(line)).not.toContain('nonsense');
    } finally {
      await flow.cloud.restartHost();
    }
  }, 30_000);
});

/** The counts of a log line by reason. */
function refusedOf(line: Record<string, unknown>): Record<string, unknown> {
  const prefix = 'refused.';
  const refused = Object.entries(line).filter(([name]) => name.startsWith(prefix));
  return Object.fromEntries(refused.map(([name, count]) => [name.slice(prefix.length), count]));
}

/**
 * Whether a Put Message body holds a notification: the worker's that wait again say so in `deferrals`, and requests to renew
 * or to sweep are of another kind. XML around base64 (learn.microsoft.com/rest/api/storageservices/put-message).
 */
function isOfWebhook(bodyText: string): boolean {
  const encoded = /<MessageText>([^<]*)</.exec(bodyText)?.[1] ?? '';
  const message = JSON.parse(Buffer.from(encoded, 'base64').toString('utf8')) as {
    event?: { kind: string; deferrals?: number };
  };
  const { kind, deferrals = 0 } = message.event ?? { kind: '' };
  return kind === 'lifecycle' || (!['renew', 'sweep', 'sweepAll'].includes(kind) && deferrals === 0);
}
