import { InvocationContext } from '@azure/functions';
import type { Invocation } from '../../functions/handlers';
import { WORK } from '../../functions/workOnMessage';
import { formatJobMessage } from '../../shared/jobs/message';
import { createServices } from '../../shared/services';
import { createCapturedLogger } from '../support/createCapturedLogger';
import { graphError } from '../support/createFakeGraph';
import { createJobWorker, FETCHABLE, JOB, PRINTER, START, TENANT } from '../support/createJobWorker';

/** One try of a message that Graph refuses, as the host counts it. */
async function tryOnce(dequeueCount: number) {
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
  const tried = WORK['print-notifications'](invocation, JSON.parse(text), deps.places);
  await expect(tried).rejects.toMatchObject({ code: 'graphForbidden' });
  return logger.events.filter(({ event }) => event === 'job.poisoned');
}

// host.json: maxDequeueCount 5.
it('the last try of a message says in the log whose job goes to the poison queue, and why', async () => {
  expect(await tryOnce(5)).toEqual([
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
  expect(await tryOnce(4)).toEqual([]);
});
