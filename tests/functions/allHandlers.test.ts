import { HttpRequest, InvocationContext } from '@azure/functions';
import { ReceiverError } from '../../shared/errors';

type Handler = (trigger: unknown, context: InvocationContext) => Promise<unknown>;

const mockHandlers = new Map<string, { handler: Handler; isHttp: boolean }>();
jest.mock('@azure/functions', () => {
  const keep = (isHttp: boolean) => (name: string, options: { handler: Handler }) =>
    void mockHandlers.set(name, { handler: options.handler, isHttp });
  const app = { http: keep(true), timer: keep(false), storageQueue: keep(false), hook: { appTerminate: jest.fn() } };
  return { ...jest.requireActual<object>('@azure/functions'), app };
});
jest.mock('../../shared/services', () => ({
  getServices: () => {
    throw new SyntaxError('Unexpected token in "secret"');
  },
}));

const before = process.env;
afterAll(() => {
  process.env = before;
});

// The host logs what a function throws, and the messages of libraries quote their input.
it('no function of the app throws or logs the message of a library', async () => {
  // With a sink, which registers two functions more.
  process.env = { ...before, EVENTS_SINK_WEBHOOK_URL: 'https://events.example/' };
  await import('../../functions/index');
  expect([...mockHandlers.keys()].sort()).toEqual([
    'actOnHeldJob',
    'actOnHeldJobOfDevice',
    'applyRetention',
    'archiveDocument',
    'consent',
    'deliverJobEvent',
    'deliverWaitingEvents',
    'health',
    'measureService',
    'processLifecycleEvent',
    'processNotification',
    'receiveLifecycleEvents',
    'receiveNotifications',
    'recoverJobs',
    'releaseHeldJobs',
    'releaseHeldJobsOfDevice',
    'renewSubscriptions',
    'searchHeldJobs',
    'searchHeldJobsOfDevice',
    'showHeldJob',
    'showHeldJobOfDevice',
    'status',
    'sweepJobs',
  ]);
  for (const [functionName, { handler, isHttp }] of mockHandlers) {
    const lines: string[] = [];
    const logHandler = (_level: string, ...words: unknown[]) => void lines.push(words.join(' '));
    const context = new InvocationContext({ functionName, logHandler });
    const request = new HttpRequest({ method: 'POST', url: 'http://localhost/api/x', body: { string: '{}' } });
    const outcome: unknown = await handler(isHttp ? request : {}, context).catch((error: unknown) => error);
    if (functionName === 'health') {
      // It uses none of the services, so it does not fail with them.
      expect(outcome).toMatchObject({ status: 200, jsonBody: { status: 'ok' } });
      expect(lines).toEqual([]);
      continue;
    }
    expect(lines).toHaveLength(1);
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ function: functionName, error: 'SyntaxError' });
    if (isHttp) expect(outcome).toMatchObject({ status: 503 });
    else expect(outcome).toBeInstanceOf(ReceiverError);
    expect(`${lines.join()} ${JSON.stringify(outcome)} ${String(outcome)}`).not.toContain('secret');
  }
});
