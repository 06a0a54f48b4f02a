import { InvocationContext, type Timer } from '@azure/functions';
import type * as Errors from '../../shared/errors';
import { createFakeClock } from '../support/createFakeClock';
import { createMemoryQueueContents } from '../support/memoryQueueContents';

type Handler = (trigger: unknown, context: InvocationContext) => Promise<void>;
interface Registered {
  name: string;
  options: { queueName?: string; connection?: string; handler: Handler };
}

const mockRegistered: Registered[] = [];
jest.mock('@azure/functions', () => {
  const keep = (name: string, options: Registered['options']) => void mockRegistered.push({ name, options });
  return { ...jest.requireActual<object>('@azure/functions'), app: { timer: keep, storageQueue: keep } };
});
const mockServices = { config: () => Promise.reject(new Error('none')), eventDelivery: jest.fn(), queue: jest.fn() };
jest.mock('../../shared/services', () => ({ getServices: () => mockServices }));

const before = process.env;
afterEach(() => {
  process.env = before;
});

/** The class of the errors that the loaded functions know. */
let ReceiverError: typeof Errors.ReceiverError;

/** Loads the app with these settings, as the worker does at its start. */
async function load(settings: Record<string, string>): Promise<Registered[]> {
  mockRegistered.length = 0;
  process.env = settings;
  await jest.isolateModulesAsync(async () => {
    await import('../../functions/deliverJobEvent');
    ({ ReceiverError } = await import('../../shared/errors'));
  });
  return [...mockRegistered];
}

const WEBHOOK = { EVENTS_SINK_WEBHOOK_URL: 'https://events.example/' };
const EVENT = { specversion: '1.0', id: 'i', source: '/tenants/t', type: 'print.job.started' };
const TIMER: Timer = {
  isPastDue: false,
  schedule: { adjustForDST: true },
  scheduleStatus: { last: '', next: '', lastUpdated: '' },
};

it('without a sink the queue of events has no trigger', async () => {
  expect(await load({})).toEqual([]);
  expect(await load({ EVENTS_SINK_WEBHOOK_URL: '  ', EVENTS_SINK_WEBHOOK_SECRETS: 'whsec_x' })).toEqual([]);
});

it.each([
  [WEBHOOK, 'AzureWebJobsStorage'],
  [{ EVENTS_SINK_EVENT_GRID_ENDPOINT: 'x' }, 'AzureWebJobsStorage'],
  [{ ...WEBHOOK, EVENTS_STORAGE__queueServiceUri: 'https://e.queue.core.windows.net' }, 'EVENTS_STORAGE'],
])('with %j it has one, in its account', async (settings, connection) => {
  const registered = await load(settings);
  expect(registered.map(({ name }) => name)).toEqual(['deliverJobEvent', 'deliverWaitingEvents']);
  expect(registered[0]?.options).toMatchObject({ queueName: 'print-job-events', connection });
});

describe('the function', () => {
  const run = async (index: number, input: unknown) => {
    const lines: string[] = [];
    const logHandler = (_level: string, ...words: unknown[]) => void lines.push(words.join(' '));
    const handler = (await load(WEBHOOK))[index]?.options.handler;
    await handler?.(input, new InvocationContext({ functionName: 'f', logHandler }));
    return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  };

  it('holds an event in the queue without a trigger while settings are wrong', async () => {
    const clock = createFakeClock();
    const waiting = createMemoryQueueContents(() => clock.now());
    const details = ['PUBLIC_BASE_URL is missing'];
    mockServices.eventDelivery.mockImplementation(() =>
      Promise.reject(new ReceiverError('configInvalid', '1 setting to correct', { details })),
    );
    mockServices.queue.mockImplementation((name: string) =>
      name === 'print-job-events-waiting' ? Promise.resolve(waiting) : Promise.reject(new Error(name)),
    );
    expect(await run(0, EVENT)).toMatchObject([
      { event: 'settings.invalid', message: expect.stringContaining('PUBLIC_BASE_URL') as string },
      { event: 'message.held', queue: 'print-job-events' },
    ]);
    expect(waiting.texts()).toEqual([]);
    clock.advance(60_000);
    expect(waiting.texts()).toEqual([JSON.stringify(EVENT)]);
  });

  it('delivers what the queue and what the waiting queue have', async () => {
    const sent: string[] = [];
    const waiting = createMemoryQueueContents();
    await waiting.send(JSON.stringify(EVENT));
    mockServices.eventDelivery.mockResolvedValue({
      sender: ({ text }: { text: string }) => {
        sent.push(text);
        return Promise.resolve({ outcome: 'accepted', status: 200 });
      },
      queues: { waiting, dead: createMemoryQueueContents() },
      clock: createFakeClock(),
    });
    await run(0, EVENT);
    expect((await run(1, TIMER)).map(({ event }) => event)).toEqual(['event.delivered', 'events.delivered']);
    expect(sent).toEqual([JSON.stringify(EVENT), JSON.stringify(EVENT)]);
    // Nothing to say where nothing waits.
    expect(await run(1, TIMER)).toEqual([]);
  });
});
