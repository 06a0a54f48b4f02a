import { eventually } from '../../support/eventually';
import type { TestHost } from './support/startHost';
import { count, encode, startStorage, untilEmpty, untilIdle, type TestStorage } from './support/startStorage';

/** The rows of realHost.test.ts that need storage: queues, timers and their blobs. */
jest.setTimeout(60_000);

let storage: TestStorage;
beforeAll(async () => {
  storage = await startStorage();
});
afterEach(() => storage.endHosts('kill'));
afterAll(() => storage.remove());

const workerPid = (one: TestHost) => Number(one.events('worker').at(-1)?.['pid']);

describe('SIGTERM', () => {
  test('continues to receive and start queue messages, new connections refused at once, appTerminate runs and no SIGTERM', async () => {
    const client = await storage.createQueue('still-receiving');
    const one = await storage.start({ only: ['work'], queue: 'still-receiving' });
    const stopped = one.process.stop();
    await eventually('the refusal', () =>
      fetch(one.url).then(
        () => undefined,
        () => true,
      ),
    );
    await client.sendMessage(encode({ do: {} }));
    expect(await stopped).toEqual({ code: 0, signal: null });
    expect(one.events('invocation', 'work')).toMatchObject([{ ok: true }]);
    expect(await count(client)).toBe(0);
    expect(one.events('log')).toContainEqual(expect.objectContaining({ message: 'appTerminate ran' }));
    expect(one.events('log')).not.toContainEqual(expect.objectContaining({ message: 'SIGTERM' }));
  });

  test('cuts at 10 s, cut messages stay invisible for the 10-minute lease', async () => {
    const client = await storage.createQueue('cut');
    await client.sendMessage(encode({ do: { sleepMs: 60_000 } }));
    const one = await storage.start({ only: ['work'], queue: 'cut' });
    await eventually('the run', () => one.said('work')[0]);
    const began = performance.now();
    expect(await one.process.stop()).toEqual({ code: 0, signal: null });
    expect(performance.now() - began).toBeGreaterThan(9_900);
    expect(one.events('invocation', 'work')).toEqual([]);
    expect((await client.receiveMessages()).receivedMessageItems).toEqual([]);
    storage.clock.move(600_000);
    expect((await client.receiveMessages()).receivedMessageItems).toMatchObject([{ dequeueCount: 2 }]);
  });
});

test('worker dies: each message in hand fails with one try used', async () => {
  const client = await storage.createQueue('dying');
  const env = { AzureFunctionsJobHost__extensions__queues__visibilityTimeout: '00:00:30' };
  const one = await storage.start({ only: ['work'], queue: 'dying', env });
  const first = workerPid(one);
  // One ends the worker by itself, the other is in hand when it ends.
  await client.sendMessage(encode({ do: { sleepMs: 60_000 } }));
  await eventually('the run', () => one.said('work')[0]);
  await client.sendMessage(encode({ do: { exit: 1 } }));
  expect(await one.ended('work', 2)).toMatchObject([
    { ok: false, dequeueCount: 1 },
    { ok: false, dequeueCount: 1 },
  ]);
  await eventually('both back', async () => {
    storage.clock.move(30_000);
    const back = (await client.receiveMessages({ numberOfMessages: 2, visibilityTimeout: 1 })).receivedMessageItems;
    return back.length === 2 ? back : undefined;
  });
  expect(workerPid(one)).not.toBe(first);
});

test('functionTimeout: message back after visibilityTimeout', async () => {
  const client = await storage.createQueue('timing-out');
  await client.sendMessage(encode({ do: { sleepMs: 60_000 } }));
  const env = {
    AzureFunctionsJobHost__functionTimeout: '00:00:01',
    AzureFunctionsJobHost__extensions__queues__visibilityTimeout: '00:01:00',
  };
  const one = await storage.start({ only: ['work'], queue: 'timing-out', env });
  expect(await one.ended('work', 1)).toMatchObject([{ ok: false, dequeueCount: 1 }]);
  await untilIdle(one);
  expect(one.events('worker')).toHaveLength(2);
  expect((await client.receiveMessages()).receivedMessageItems).toEqual([]);
  storage.clock.move(60_000);
  expect((await one.ended('work', 2))[1]).toMatchObject({ dequeueCount: 2 });
});

test('base64 that is no UTF-8: function never called, all tries, then poison', async () => {
  const body = Buffer.from([0x7b, 0xff, 0xfe, 0x7d]).toString('base64');
  const client = await storage.createQueue('no-text');
  await client.sendMessage(body);
  const one = await storage.start({ only: ['work'], queue: 'no-text' });
  const poison = storage.queues.getQueueClient('no-text-poison');
  await eventually('poison', async () => ((await poison.exists()) && (await count(poison)) === 1 ? true : undefined));
  expect((await poison.receiveMessages()).receivedMessageItems).toMatchObject([{ messageText: body }]);
  expect(await count(client)).toBe(0);
  expect(one.events('invocation', 'work')).toEqual([]);
  const tries = one.events('log', 'work').filter(({ message }) => String(message).includes('is not UTF-8'));
  expect(tries).toHaveLength(5);
});

test("queue trigger's times: +00:00; a date property arrives as 01/01/2026 00:00:00", async () => {
  const client = await storage.createQueue('dated');
  const sent = await client.sendMessage(encode({ when: '2026-01-01T00:00:00Z', other: '2026-01-01' }));
  const one = await storage.start({ only: ['work'], queue: 'dated' });
  await one.ended('work', 1);
  expect(one.said('work')[0]).toMatchObject({
    message: { when: '2026-01-01T00:00:00Z' },
    metadata: {
      insertionTime: sent.insertedOn.toISOString().replace('.000Z', '+00:00'),
      when: '01/01/2026 00:00:00',
      other: '2026-01-01',
    },
  });
});

test('log filter "default": "Information": traces of the SDK; 0 without the line, and the functions\' own lines still come', async () => {
  const client = await storage.createQueue('logged');
  await client.sendMessage(encode({}));
  const sdkLines = async (env: Record<string, string>) => {
    const one = await storage.start({ only: ['work'], queue: 'logged', env });
    await untilEmpty(client);
    const lines = one.events('log').filter(({ category }) => category === 'Azure.Core').length;
    return { lines, said: one.said('work').length };
  };
  expect(await sdkLines({})).toEqual({ lines: 0, said: 1 });
  const opened = await sdkLines({ AzureFunctionsJobHost__logging__logLevel__default: 'Information' });
  expect(opened.lines).toBeGreaterThan(0);
});

describe('timers', () => {
  test('locks: 15 s, recovered after 60 s; another host runs runOnStartup again after a SIGKILL', async () => {
    const first = await storage.start({ only: ['starting'], args: ['--host-id', 'heir'] });
    await first.ended('starting', 1);
    const second = await storage.start({ only: ['starting'], args: ['--host-id', 'heir'] });
    const lock = storage.hostBlobs.getBlobClient('locks/heir/Host.Functions.starting.Listener');
    await first.process.kill();
    expect(second.events('invocation', 'starting')).toEqual([]);
    expect(await lock.getProperties()).toMatchObject({ leaseState: 'leased' });
    storage.clock.move(15_000);
    expect(await lock.getProperties()).toMatchObject({ leaseState: 'expired' });
    expect(second.events('invocation', 'starting')).toEqual([]);
    storage.clock.move(60_000);
    expect(await second.ended('starting', 1)).toMatchObject([{ ok: true }]);
  });

  test('blobs: locks and status under Host.Functions, locks/{id}/host; times with +00:00; first lastUpdated 0001-01-01', async () => {
    const one = await storage.start({ only: ['hourly', 'starting'], args: ['--host-id', 'blobs'] });
    await one.ended('starting', 1);
    const names = await eventually('all blobs', async () => {
      const found: string[] = [];
      for await (const { name } of storage.hostBlobs.listBlobsFlat()) if (name.includes('/blobs/')) found.push(name);
      return found.length === 5 ? found : undefined;
    });
    expect(names).toEqual([
      'locks/blobs/Host.Functions.hourly.Listener',
      'locks/blobs/Host.Functions.starting.Listener',
      'locks/blobs/host',
      'timers/blobs/Host.Functions.hourly/status',
      'timers/blobs/Host.Functions.starting/status',
    ]);
    const text = (
      await storage.hostBlobs.getBlobClient('timers/blobs/Host.Functions.hourly/status').downloadToBuffer()
    ).toString();
    expect(JSON.parse(text)).toEqual({
      Last: '0001-01-01T00:00:00',
      Next: expect.stringMatching(/:00:00\+00:00$/) as string,
      LastUpdated: expect.stringMatching(/\+00:00$/) as string,
    });
    expect(one.said('starting')).toMatchObject([
      { timer: { scheduleStatus: { last: '0001-01-01T00:00:00', lastUpdated: '0001-01-01T00:00:00' } } },
    ]);
  });
});
