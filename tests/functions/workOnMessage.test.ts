import { InvocationContext } from '@azure/functions';
import type { Invocation } from '../../functions/handlers';
import { WORK } from '../../functions/workOnMessage';
import { formatJobMessage } from '../../shared/jobs/message';
import { createServices } from '../../shared/services';
import { createCapturedLogger } from '../support/createCapturedLogger';
import { graphError } from '../support/createFakeGraph';
import { createSubscriptionWorld } from '../support/createSubscriptionWorld';
import { createMemoryQueue } from '../support/memoryQueue';
import { createJobWorker, FETCHABLE, JOB, PRINTER, START, TENANT } from '../support/createJobWorker';

/** One try of a message that Graph refuses, as the host counts it. */
async function tryOnce({ attempts, dequeueCount = attempts }: { attempts?: number; dequeueCount?: number }) {
  const worker = await createJobWorker();
  worker.world.always('GET', /./, () => {
    throw graphError('forbidden');
  });
  const { logger: _logger, ...deps } = worker.startProcess();
  const logger = createCapturedLogger();
  const services = { ...createServices({}), worker: () => Promise.resolve(deps) };
  const context = new InvocationContext({ functionName: 'f', triggerMetadata: { dequeueCount } });
  const invocation: Invocation = { services, logger, context };
  const text = formatJobMessage({
    ...{ reference: FETCHABLE, foundBy: 'graph', receivedAt: START, traceparent: '', deferrals: 0 },
  });
  const tried = WORK['print-notifications'](invocation, JSON.parse(text), deps.places, attempts);
  await expect(tried).rejects.toMatchObject({ code: 'graphForbidden' });
  return logger.events.filter(({ event }) => event === 'job.poisoned');
}

// host.json: maxDequeueCount 5.
it('the last try of a message says in the log whose job goes to the poison queue, and why', async () => {
  expect(await tryOnce({ attempts: 5 })).toEqual([
    expect.objectContaining({
      level: 'error',
      tenantId: TENANT,
      key: `jobFetchable_${PRINTER}_${JOB}`,
      jobId: JOB,
      reason: 'tooManyAttempts',
      attempts: 5,
      code: 'graphForbidden',
    }),
  ]);
});

it('a try before the last says nothing about the poison queue', async () => {
  expect(await tryOnce({ attempts: 4 })).toEqual([]);
});

it('a message of the waiting queue is tried again by the host, whatever the tries of the message that carries it', async () => {
  expect(await tryOnce({ dequeueCount: 5 })).toEqual([]);
});

describe('a message of subscription-events', () => {
  /** One attempt with a defect, as the host counts it. */
  async function tryEvent(attempts: number, message: unknown) {
    const world = createSubscriptionWorld();
    const watches = { ...world.watches, get: () => Promise.reject(new TypeError('a defect')) };
    const logger = createCapturedLogger();
    const services = {
      ...createServices({}),
      subscriptions: () => Promise.resolve({ ...world.deps, watches }),
      queue: () => Promise.resolve(createMemoryQueue()),
      waiting: () => Promise.resolve(createMemoryQueue()),
    };
    const context = new InvocationContext({ functionName: 'f' });
    const places = { enter: () => true, leave: () => undefined };
    const tried = WORK['subscription-events']({ services, logger, context }, message, places, attempts);
    await expect(tried).rejects.toThrow();
    return logger.events.filter(({ event }) => event === 'subscriptionEvent.poisoned');
  }
  const rowKey = `jobFetchable_${PRINTER}`;
  const renewal = {
    event: { v: 1, kind: 'renew', tenantId: TENANT, rowKey, receivedAt: START, traceparent: '' },
  };

  it('says at its last attempt whose it is, and why it goes to the poison queue', async () => {
    expect(await tryEvent(5, renewal)).toEqual([
      expect.objectContaining({ level: 'error', tenantId: TENANT, reason: 'tooManyAttempts', attempts: 5 }),
    ]);
    expect(await tryEvent(4, renewal)).toEqual([]);
  });
});
