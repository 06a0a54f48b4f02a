import type { QueueClient } from '@azure/storage-queue';
import { eventually } from '../../support/eventually';
import type { TestHost } from './support/startHost';
import { count, encode, startStorage, untilEmpty, untilIdle, type TestStorage } from './support/startStorage';

// Each host is a process of its own; on a busy machine one takes seconds to start.
jest.setTimeout(60_000);

const HOUR_MS = 3_600_000;
let storage: TestStorage;
beforeAll(async () => {
  storage = await startStorage();
});
afterEach(() => storage.endHosts('stop'));
afterAll(() => storage.remove());

/** As .NET writes a time of storage, which has whole seconds. */
const toDotNet = (time: Date) => time.toISOString().replace('.000Z', '+00:00');

// Numbers: QueueListener.cs and QueueProcessor.cs of azure-sdk-for-net (Extensions.Storage.Common), unless a test names
// another.
describe('queues, with the defaults of host.json', () => {
  let one: TestHost;
  const names = ['plain', 'trap', 'failing', 'worn', 'undecodable', 'own-poison', 'coming'];

  beforeAll(async () => {
    const worn = await storage.createQueue('worn');
    await worn.sendMessage(encode({}));
    for (let index = 0; index < 5; index++) await receiveAndLetGo(worn);
    one = await storage.start({ only: [], env: { MORE_QUEUES: names.join(',') }, isKept: true });
  });
  afterAll(() => one.process.stop());

  test('a message is processed with its metadata and deleted', async () => {
    const client = await storage.createQueue('plain');
    const sent = await client.sendMessage(encode({ event: { id: 'inside' } }));
    expect(await one.ended('plain', 1)).toMatchObject([{ ok: true, dequeueCount: 1 }]);
    expect(one.said('plain')[0]).toMatchObject({
      message: { event: { id: 'inside' } },
      // Names and types: QueueTriggerBinding.cs and fromRpcTriggerMetadata.ts of the Functions library.
      metadata: {
        id: sent.messageId,
        dequeueCount: 1,
        popReceipt: expect.any(String) as string,
        insertionTime: toDotNet(sent.insertedOn),
        expirationTime: toDotNet(sent.expiresOn),
        queueTrigger: { event: { id: 'inside' } },
      },
    });
    await untilEmpty(client);
  });

  test('a property of the message hides the metadata of the same name (host: Utility.ApplyBindingData)', async () => {
    const client = await storage.createQueue('trap');
    await client.sendMessage(encode({ id: 'mine' }));
    await one.ended('trap', 1);
    expect(one.said('trap')[0]).toMatchObject({ metadata: { id: 'mine' } });
  });

  test('a message that fails five times is moved to a poison queue created on demand, as a new message of the same body', async () => {
    const client = await storage.createQueue('failing');
    const sent = await client.sendMessage(encode({ do: { fail: true } }));
    const ends = await one.ended('failing', 5);
    expect(ends.map(({ ok, dequeueCount }) => [ok, dequeueCount])).toEqual([1, 2, 3, 4, 5].map((n) => [false, n]));
    await untilEmpty(client);
    const [moved] = (await storage.queues.getQueueClient('failing-poison').receiveMessages()).receivedMessageItems;
    expect(moved).toMatchObject({ messageText: encode({ do: { fail: true } }), dequeueCount: 1 });
    expect(moved?.messageId).not.toBe(sent.messageId);
    expect(one.events('invocation', 'failing')).toHaveLength(5);
  });

  test('a message received too often goes to poison without a run', async () => {
    await untilEmpty(storage.queues.getQueueClient('worn'));
    expect(await count(storage.queues.getQueueClient('worn-poison'))).toBe(1);
    expect(one.events('invocation', 'worn')).toEqual([]);
  });

  test('text that is not base64 goes to poison with a warning and without a run', async () => {
    const client = await storage.createQueue('undecodable');
    await client.sendMessage('{"plain":true}');
    await untilEmpty(client);
    const [moved] = (await storage.queues.getQueueClient('undecodable-poison').receiveMessages()).receivedMessageItems;
    expect(moved?.messageText).toBe('{"plain":true}');
    expect(one.events('invocation', 'undecodable')).toEqual([]);
    expect(await one.seen('log', 'undecodable')).toMatchObject({
      level: 'warning',
      message: expect.stringContaining('is not base64') as string,
    });
  });

  test('a poison queue has no poison queue: a failure stays invisible', async () => {
    const client = await storage.createQueue('own-poison');
    await client.sendMessage(encode({ do: { fail: true } }));
    await one.ended('own-poison', 1);
    expect((await client.receiveMessages()).receivedMessageItems).toEqual([]);
    expect(await count(client)).toBe(1);
    expect(await storage.queues.getQueueClient('own-poison-poison').exists()).toBe(false);
  });

  test('a missing queue counts as empty and is never created', async () => {
    expect(await storage.queues.getQueueClient('coming').exists()).toBe(false);
    const client = await storage.createQueue('coming');
    await client.sendMessage(encode({}));
    await one.ended('coming', 1);
    expect(one.events('log', 'coming').filter(({ level }) => level === 'error')).toEqual([]);
  });

  test('POST /admin/functions runs a queue function with the given text and answers 202', async () => {
    const before = one.events('invocation', 'plain').length;
    expect(await one.runNow('plain', { input: '{"by":"hand"}' })).toBe(202);
    await one.ended('plain', before + 1);
    expect(one.said('plain').at(-1)).toMatchObject({ message: { by: 'hand' } });
  });
});

describe('queues, each with a host of its own', () => {
  test('after a failure the message stays invisible for visibilityTimeout', async () => {
    const client = await storage.createQueue('patient');
    await client.sendMessage(encode({ do: { fail: true } }));
    const env = { AzureFunctionsJobHost__extensions__queues__visibilityTimeout: '00:10:00' };
    const one = await storage.start({ only: ['work'], queue: 'patient', env });
    await one.ended('work', 1);
    await untilIdle(one);
    expect((await client.receiveMessages()).receivedMessageItems).toEqual([]);
    storage.clock.move(10 * 60_000);
    expect((await one.ended('work', 2))[1]).toMatchObject({ dequeueCount: 2 });
  });

  test('messageEncoding none passes the text unchanged', async () => {
    const client = await storage.createQueue('bare');
    await client.sendMessage('{"plain":true}');
    const env = { AzureFunctionsJobHost__extensions__queues__messageEncoding: 'none' };
    const one = await storage.start({ only: ['work'], queue: 'bare', env });
    await one.ended('work', 1);
    expect(one.said('work')[0]).toMatchObject({ message: { plain: true } });
  });

  test('the lease of a running message is renewed, by Date, so that no other host receives it', async () => {
    const client = await storage.createQueue('long');
    await client.sendMessage(encode({ do: { sleepMs: 1_800 } }));
    const one = await storage.start({ only: ['work'], queue: 'long', args: ['--message-lease-seconds', '60'] });
    await eventually('the run', () => one.said('work')[0]);
    storage.clock.move(31_000);
    // The renewal leaves no trace but what is checked below: 40 s later, past the first lease, still nothing is seen.
    await new Promise((resolve) => setTimeout(resolve, 600));
    storage.clock.move(40_000);
    expect((await client.receiveMessages()).receivedMessageItems).toEqual([]);
    await one.ended('work', 1);
    await untilEmpty(client);
  });

  test('a message of a killed host is redelivered after its lease, with a dequeue count one higher', async () => {
    const client = await storage.createQueue('killed');
    await client.sendMessage(encode({ do: { sleepMs: 60_000 } }));
    const one = await storage.start({ only: ['work'], queue: 'killed' });
    await eventually('the run', () => one.said('work')[0]);
    await one.process.kill();
    expect((await client.receiveMessages()).receivedMessageItems).toEqual([]);
    storage.clock.move(600_000);
    expect((await client.receiveMessages()).receivedMessageItems).toMatchObject([{ dequeueCount: 2 }]);
  });

  test('SIGTERM completes and deletes a running message', async () => {
    const client = await storage.createQueue('draining');
    await client.sendMessage(encode({ do: { sleepMs: 700 } }));
    const one = await storage.start({ only: ['work'], queue: 'draining' });
    await eventually('the run', () => one.said('work')[0]);
    expect(await one.process.stop()).toEqual({ code: 0, signal: null });
    expect(one.events('invocation', 'work')).toMatchObject([{ ok: true }]);
    expect(await count(client)).toBe(0);
  });
});

// Rules: ScheduleMonitor.cs and TimerListener.cs of azure-webjobs-sdk-extensions.
describe('timers', () => {
  // Ten past the hour: no occurrence falls in a test but those that it moves to.
  beforeAll(() => storage.clock.move(HOUR_MS + 600_000 - ((Date.now() + storage.clock.offset()) % HOUR_MS)));

  const status = (hostId: string, timer: string) =>
    storage.hostBlobs.getBlobClient(`timers/${hostId}/Host.Functions.${timer}/status`);
  /** Undefined while it is not there, or while storage in memory is still being written to. */
  const readStatus = async (hostId: string, timer: string) => {
    try {
      const text = (await status(hostId, timer).downloadToBuffer()).toString();
      return JSON.parse(text) as Record<string, string>;
    } catch {
      return undefined;
    }
  };

  test('a timer runs when Date reaches its time, also after a jump of Date, and its status is a blob', async () => {
    const one = await storage.start({ only: ['hourly'], args: ['--host-id', 'jump'] });
    expect(one.events('invocation')).toEqual([]);
    const before = await eventually('first status', async () => readStatus('jump', 'hourly').catch(() => undefined));
    expect(before).toMatchObject({
      Last: '0001-01-01T00:00:00',
      Next: expect.stringMatching(/:00:00\+00:00$/) as string,
    });
    storage.clock.move(HOUR_MS);
    await one.ended('hourly', 1);
    expect(one.said('hourly')[0]).toMatchObject({
      // The library turns names to camelCase.
      timer: {
        schedule: { adjustForDST: true },
        isPastDue: false,
        scheduleStatus: { next: before.Next, lastUpdated: '0001-01-01T00:00:00' },
      },
    });
    const after = await eventually('the status after the run', async () => {
      const now = await readStatus('jump', 'hourly');
      return now === undefined || now.Next === before.Next ? undefined : now;
    });
    expect(Date.parse(after.Next ?? '')).toBeGreaterThan(Date.parse(after.Last ?? ''));
  });

  test('however many were missed, one run at start with isPastDue', async () => {
    const args = ['--host-id', 'missed'];
    const first = await storage.start({ only: ['hourly'], args });
    await eventually('first status', () => readStatus('missed', 'hourly'));
    await first.process.stop();
    storage.clock.move(5 * HOUR_MS);
    const second = await storage.start({ only: ['hourly'], args });
    await second.ended('hourly', 1);
    expect(second.said('hourly')).toMatchObject([{ timer: { isPastDue: true } }]);
  });

  test('a changed schedule never counts as past due', async () => {
    const args = ['--host-id', 'changed'];
    const first = await storage.start({ only: ['hourly'], args });
    await eventually('first status', () => readStatus('changed', 'hourly'));
    await first.process.stop();
    storage.clock.move(5 * HOUR_MS);
    const second = await storage.start({ only: ['hourly'], args, env: { HOURLY: '0 30 2 1 1 *' } });
    await eventually('the new schedule', async () =>
      (await readStatus('changed', 'hourly'))?.Next?.includes('-01-01T02:30') ? true : undefined,
    );
    expect(second.events('invocation')).toEqual([]);
  });

  test('of two hosts with one host id only one runs each occurrence, also after the other was killed', async () => {
    const args = ['--host-id', 'single'];
    const hosts = [await storage.start({ only: ['hourly'], args }), await storage.start({ only: ['hourly'], args })];
    const runs = () => hosts.flatMap((one) => one.events('invocation', 'hourly')).length;
    for (const expected of [1, 2, 3]) {
      // The jump ends the lease of 15 s, so either may be the one to take it.
      storage.clock.move(HOUR_MS);
      await eventually(`run ${expected}`, () => (runs() >= expected ? true : undefined));
      await Promise.all(hosts.map(untilIdle));
    }
    expect(runs()).toBe(3);
    await hosts[0]?.process.kill();
    storage.clock.move(HOUR_MS);
    await eventually('run 4', () => (runs() >= 4 ? true : undefined));
    expect(runs()).toBe(4);
  });

  test('runs do not overlap, the schedule continues after a failure, and a timer of seconds keeps no status', async () => {
    const one = await storage.start({ only: ['often'], args: ['--host-id', 'often'] });
    expect((await one.ended('often', 2)).map(({ ok }) => ok)).not.toContain(true);
    expect(one.said('often').every((line) => line.running === 1)).toBe(true);
    expect(await status('often', 'often').exists()).toBe(false);
  });

  test('runOnStartup runs once at start, and a timer that cannot be indexed is left out', async () => {
    const one = await storage.start({ only: ['starting'], args: ['--host-id', 'starting'] });
    await one.ended('starting', 1);
    expect(one.said('starting')).toMatchObject([{ timer: { isPastDue: false } }]);

    // A timer whose %SETTING% is missing is left out with an error, the others run.
    expect(one.ready.functions).not.toContainEqual(expect.objectContaining({ name: 'unset' }));
    expect(one.events('log', 'unset')).toMatchObject([
      { level: 'error', message: expect.stringContaining('add the app setting NOT_SET_ANYWHERE') as string },
    ]);

    // By hand it runs at once and is not past due.
    expect(await one.runNow('starting')).toBe(202);
    await one.ended('starting', 2);
  });
});

/** Raises the count of the one message by one. */
async function receiveAndLetGo(client: QueueClient): Promise<void> {
  const [message] = (await client.receiveMessages()).receivedMessageItems;
  if (!message) throw new Error('no message');
  await client.updateMessage(message.messageId, message.popReceipt, undefined, 0);
}
