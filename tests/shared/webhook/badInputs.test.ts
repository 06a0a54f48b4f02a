import { randomBytes } from 'node:crypto';
import { receive } from '../../../shared/webhook/receive';
import { createTokenVerifier } from '../../../shared/webhook/validationTokens';
import { badInputs } from '../../fixtures/badInputs';
import { createCapturedLogger } from '../../support/createCapturedLogger';
import { createFakeClock } from '../../support/createFakeClock';
import { createMemoryQueue } from '../../support/memoryQueue';
import { CLIENT_ID, TEST_RING } from '../../support/notifications';
import { webhookParts } from '../../support/webhookParts';

describe('bad inputs', () => {
  it('are at least 60 with names of their own', () => {
    expect(new Set(badInputs.map(({ name }) => name)).size).toBe(badInputs.length);
    expect(badInputs.filter(({ queueGrowth }) => queueGrowth === 0).length).toBeGreaterThanOrEqual(60);
  });

  it.each(badInputs)('$name: $status', async ({ body, status, refused, unknownKey = 0, queueGrowth }) => {
    const jobs = createMemoryQueue();
    const subscriptions = createMemoryQueue();
    const logger = createCapturedLogger();
    const bytes = Buffer.from(body);
    const clock = createFakeClock();
    const verifyTokens = createTokenVerifier({
      authorityHost: 'https://login.microsoftonline.com',
      clientId: 'app',
      clock,
      fetch: () => Promise.reject(new Error('no bad input may make us fetch')),
    });

    const result = await receive(
      {
        ring: TEST_RING,
        clientId: CLIENT_ID,
        queues: { jobs, subscriptions },
        verifyTokens,
        clock,
        randomBytes,
        logger,
        ...webhookParts,
      },
      {
        route: 'receiveNotifications',
        declaredLength: String(bytes.length),
        readBody: () => Promise.resolve(bytes),
        signal: new AbortController().signal,
      },
    );

    expect(result).toMatchObject({ status, counts: { refused, unknownKey, accepted: queueGrowth } });
    expect(Object.keys(result.counts.refused)).toEqual(Object.keys(refused));
    expect(jobs.sent).toHaveLength(queueGrowth);
    expect(subscriptions.sent).toHaveLength(0);
    const [logged, ...others] = logger.events;
    expect(others).toEqual([]);
    expect(logged).toMatchObject({ event: 'notifications.received', status, unknownKey });
    for (const [reason, count] of Object.entries(refused)) expect(logged).toHaveProperty([`refused.${reason}`], count);
  });
});
