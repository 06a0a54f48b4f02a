import { app, InvocationContext, type TimerFunctionOptions } from '@azure/functions';
import { DEFINITION } from '../support/createSubscriptionWorld';
import { createSweepWorld } from '../support/createSweepWorld';

jest.mock('@azure/functions', () => ({
  ...jest.requireActual<object>('@azure/functions'),
  app: { timer: jest.fn() },
}));
const mockServices = { sweep: jest.fn() };
jest.mock('../../shared/services', () => ({ getServices: () => mockServices }));

it('runs every minute, half a minute after the renewals, and queues what it finds', async () => {
  await import('../../functions/sweepJobs');
  const [name, options] = jest.mocked(app.timer).mock.calls[0] as [string, TimerFunctionOptions];
  expect([name, options.schedule]).toEqual(['sweepJobs', '30 * * * * *']);
  const world = createSweepWorld();
  const { logger: _logger, ...deps } = world.deps;
  mockServices.sweep.mockResolvedValue(deps);
  await world.addTenant();
  world.putDefinition();
  world.putTask('t1');
  const lines: string[] = [];
  const logHandler = (_level: string, ...words: unknown[]) => void lines.push(words.join(' '));
  await options.handler({} as never, new InvocationContext({ functionName: 'sweepJobs', logHandler }));
  expect(world.found()).toEqual([`jobStarted_${DEFINITION}_t1`]);
  expect(JSON.parse(lines.at(-1) ?? '')).toMatchObject({ event: 'jobs.swept', swept: 1, enqueued: 1 });
  // A second run in the same minute has nothing to sweep.
  const calls = world.calls.length;
  await options.handler({} as never, new InvocationContext({ functionName: 'sweepJobs', logHandler }));
  expect(world.calls).toHaveLength(calls);
});
