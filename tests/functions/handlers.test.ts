import { InvocationContext, type Timer } from '@azure/functions';
import { signedQueueHandler, timerHandler } from '../../functions/handlers';
import { ReceiverError } from '../../shared/errors';
import { createMessageSigner } from '../../shared/storage/signedMessages';
import { version } from '../../shared/version';
import { createMemoryQueue } from '../support/memoryQueue';
import { testKey } from '../support/testKey';

const mockServices = { config: jest.fn(), admission: jest.fn(), unsignedWaiting: jest.fn() };
jest.mock('../../shared/services', () => ({ getServices: () => mockServices }));

const QUEUE = 'print-notifications';
const signer = createMessageSigner([{ keyId: 'k1', key: testKey(1) }], QUEUE);
const signed = JSON.parse(signer.sign('{"event":{"v":1}}')) as unknown;

let lines: Record<string, unknown>[];
let queue: ReturnType<typeof createMemoryQueue>;
let poison: ReturnType<typeof createMemoryQueue>;
let context: InvocationContext;
beforeEach(() => {
  lines = [];
  queue = createMemoryQueue();
  poison = createMemoryQueue();
  const logHandler = (_level: string, ...words: unknown[]) =>
    void lines.push(JSON.parse(words.join(' ')) as Record<string, unknown>);
  context = new InvocationContext({ functionName: 'theFunction', logHandler });
  mockServices.admission.mockResolvedValue({ name: QUEUE, signer, waiting: queue, poison });
  mockServices.unsignedWaiting.mockResolvedValue(queue);
});

/** Libraries quote their input, which may be a document name or a secret. */
const QUOTING: unknown[] = [new SyntaxError('Unexpected token in "secret"'), 'secret', { secret: true }];

/** Work that fails with this value, which need not be an Error. */
const failing = (error: unknown) => jest.fn<Promise<void>, []>().mockRejectedValue(error);

const TIMER: Timer = {
  isPastDue: false,
  schedule: { adjustForDST: true },
  scheduleStatus: { last: '', next: '', lastUpdated: '' },
};

describe.each([
  ['a timer', (error: unknown) => timerHandler(failing(error))(TIMER, context)],
  ['a queue', (error: unknown) => signedQueueHandler(QUEUE, failing(error))(signed, context)],
])('the handler of %s', (_name, fail) => {
  it.each(QUOTING)('throws and logs nothing of %p', async (error) => {
    const thrown: unknown = await Promise.resolve(fail(error)).catch((reason: unknown) => reason);
    expect(thrown).toBeInstanceOf(ReceiverError);
    expect(`${String(thrown)} ${(thrown as Error).stack} ${JSON.stringify(lines)}`).not.toContain('secret');
    expect(lines).toMatchObject([{ event: 'function.failed', function: 'theFunction' }]);
  });

  it('throws an error of ours as it is', async () => {
    const error = new ReceiverError('storageUnavailable', 'Table storage did not answer');
    await expect(fail(error)).rejects.toBe(error);
  });
});

describe('the first line of the log', () => {
  /** The handlers of a process that has just started. */
  const runTwice = () =>
    jest.isolateModulesAsync(async () => {
      const started = await import('../../functions/handlers');
      for (let run = 0; run < 2; run += 1) {
        await started.timerHandler(() => Promise.resolve())(TIMER, context);
      }
    });

  it('says once per process what runs, with which credential, and which hosts the settings trust', async () => {
    const trustedHosts = ['https://graph.example', 'https://login.example:8443'];
    mockServices.config.mockResolvedValue({ credential: 'certificate', trustedHosts });
    await runTwice();
    expect(lines).toEqual([
      {
        event: 'app.started',
        version,
        node: process.version,
        credential: 'certificate',
        trustedHosts: 'https://graph.example https://login.example:8443',
      },
    ]);
  });

  it('is missing while settings are wrong, which concerns only the function that needs them', async () => {
    mockServices.config.mockRejectedValue(new ReceiverError('configInvalid', '1 setting to correct'));
    await runTwice();
    expect(lines).toEqual([]);
  });
});

describe('the handler of a queue', () => {
  it('runs for a signed message only', async () => {
    const work = jest.fn().mockResolvedValue(undefined);
    await signedQueueHandler(QUEUE, work)(signed, context);
    await signedQueueHandler(QUEUE, work)({ event: { v: 1 } }, context);
    expect(work).toHaveBeenCalledTimes(1);
    expect(poison.sent).toHaveLength(1);
  });

  it('holds the message while settings are wrong, and says what is wrong', async () => {
    const wrong = new ReceiverError('configInvalid', '1 setting to correct', {
      details: ['PUBLIC_BASE_URL is missing'],
    });
    mockServices.admission.mockRejectedValue(wrong);
    for (const message of [signed, 'garbage']) await signedQueueHandler(QUEUE, jest.fn())(message, context);
    expect(queue.sent).toMatchObject([
      { text: expect.stringContaining(JSON.stringify(signed).slice(0, -1)) as string, delaySeconds: 60 },
      { text: 'garbage', delaySeconds: 60 },
    ]);
    expect(lines[0]).toMatchObject({
      event: 'settings.invalid',
      message: expect.stringContaining('PUBLIC_BASE_URL') as string,
    });
  });

  it('fails while the account of its own trigger is wrong: the host keeps the message', async () => {
    const wrong = new ReceiverError('configInvalid', '1 setting to correct');
    mockServices.admission.mockRejectedValue(wrong);
    mockServices.unsignedWaiting.mockRejectedValue(wrong);
    await expect(signedQueueHandler(QUEUE, jest.fn())(signed, context)).rejects.toBe(wrong);
  });
});
