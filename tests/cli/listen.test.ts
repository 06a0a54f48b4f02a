import type { CliIo } from '../../cli/context';
import { CLI_ENV, createCliWorld } from '../support/createCliWorld';
import { TENANT } from '../support/createSubscriptionWorld';

const QUEUE = 'print-job-events';
const URL_OF_BACKEND = 'http://localhost:3000/events';
const eventOf = (key: string) => JSON.stringify({ id: `${TENANT}/${key}`, type: 'print.job.started', data: {} });

/** The command with a backend that answers as told, interrupted at its first look at an empty queue. */
function createListener(answer: CliIo['fetch'], overrides: Partial<CliIo> = {}) {
  const stopping = new AbortController();
  const posted: { url: string; init: RequestInit }[] = [];
  const world = createCliWorld({
    interruption: () => stopping.signal,
    sleep: () => {
      stopping.abort();
      return Promise.resolve();
    },
    fetch: (url, init = {}) => {
      posted.push({ url: url instanceof URL ? url.href : '', init });
      return answer(url, init);
    },
    ...overrides,
  });
  return { world, posted, stopping, queue: world.queue(QUEUE) };
}

const listen = (world: ReturnType<typeof createCliWorld>, ...argv: string[]) =>
  world.run('listen', '--forward-to', URL_OF_BACKEND, ...argv);

describe('listen', () => {
  it('posts each event as CloudEvents JSON, shows the answer and deletes what was answered with 2xx', async () => {
    const answers = [new Response(null, { status: 204 }), new Response('stored\nmore', { status: 200 })];
    const { world, posted, queue } = createListener(() => Promise.resolve(answers.shift() ?? Response.error()));
    await queue.send(eventOf('a'));
    await queue.send(eventOf('b'));
    const { code, stdout, stderr } = await listen(world);
    expect(posted).toMatchObject([
      {
        url: URL_OF_BACKEND,
        init: {
          method: 'POST',
          body: eventOf('a'),
          redirect: 'manual',
          headers: { 'content-type': 'application/cloudevents+json; charset=utf-8' },
        },
      },
      { init: { body: eventOf('b') } },
    ]);
    expect(stdout).toBe(
      `204  0 ms  print.job.started  ${TENANT}/a  deleted\n200  0 ms  print.job.started  ${TENANT}/b  deleted  stored\n`,
    );
    expect(stderr).toBe(
      'Queue print-job-events: 2 events waiting, 0 in its poison queue.\n' +
        `Posting each event to ${URL_OF_BACKEND}. To stop: Ctrl-C\nStopped. 2 events delivered.\n`,
    );
    expect({ code, left: await queue.count() }).toEqual({ code: 0, left: 0 });
  });

  it.each([
    ['an error', () => Promise.resolve(new Response('broken', { status: 500 })), '500', 'broken'],
    ['a redirect', () => Promise.resolve(new Response(null, { status: 302 })), '302', ''],
    [
      'no connection',
      () =>
        Promise.reject(new TypeError('fetch failed', { cause: Object.assign(new Error(), { code: 'ECONNREFUSED' }) })),
      '---',
      'connection refused: is the backend running?',
    ],
    ['a time-out', () => Promise.reject(new DOMException('', 'TimeoutError')), '---', 'no answer within 20 s'],
    ['another failure', () => Promise.reject(new TypeError('fetch failed')), '---', 'no answer (failed)'],
  ])('keeps an event after %s', async (_name, answer, status, said) => {
    const { world, queue } = createListener(answer);
    await queue.send(eventOf('a'));
    const { stdout } = await listen(world);
    expect(stdout.trimEnd()).toBe(
      `${status}  0 ms  print.job.started  ${TENANT}/a  again in 30 s${said === '' ? '' : `  ${said}`}`,
    );
    expect(await queue.count()).toBe(1);
  });

  it('at Ctrl-C before an answer makes the event visible to others at once', async () => {
    const { world, queue, stopping } = createListener(() => {
      stopping.abort();
      return Promise.reject(new DOMException('', 'AbortError'));
    });
    await queue.send(eventOf('a'));
    const { code, stdout, stderr } = await listen(world);
    expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
    expect(stderr).toContain('Stopped. 0 events delivered.\n');
    expect(queue.texts()).toEqual([eventOf('a')]);
  });

  it('--json prints one document a line and nothing else; a message that is no event is named by its own id', async () => {
    const { world, queue } = createListener(() => Promise.resolve(new Response('\u001b[31m')));
    await queue.send('not an event');
    const { stdout, stderr } = await listen(world, '--json');
    expect(JSON.parse(stdout)).toEqual({
      id: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
      type: 'not an event',
      status: 200,
      ms: 0,
      said: '\u001b[31m',
    });
    expect({ lines: stdout.split('\n').length, stderr }).toEqual({ lines: 2, stderr: '' });
  });

  it.each([
    [
      'a connection string',
      { AzureWebJobsStorage: `DefaultEndpointsProtocol=https;AccountName=prod;AccountKey=${'A'.repeat(86)}==` },
    ],
    ['an account of its own for events', { EVENTS_STORAGE__queueServiceUri: 'https://prod.queue.core.windows.net' }],
  ])('refuses storage that is not on this machine, by %s, unless --consume says so', async (_name, settings) => {
    const { world, queue } = createListener(() => Promise.resolve(new Response(null, { status: 202 })), {
      env: { ...CLI_ENV, ...settings },
    });
    await queue.send(eventOf('a'));
    const { code, stderr } = await listen(world);
    expect(code).toBe(2);
    expect(stderr).toContain('https://prod.queue.core.windows.net');
    expect(stderr).toContain('--consume');
    expect(queue.texts()).toHaveLength(1);
    expect((await listen(world, '--consume')).code).toBe(0);
    expect(await queue.count()).toBe(0);
  });

  it.each(['http://backend.example/events', 'localhost:3000', 'ftp://localhost/x'])(
    'refuses to post to %s: plain http leaves no machine',
    async (url) => {
      const { world } = createListener(() => Promise.resolve(new Response()));
      expect((await world.run('listen', '--forward-to', url)).code).toBe(2);
    },
  );
});
