import { once } from 'node:events';
import { Agent, createServer, request } from 'node:http';
import type { IncomingMessage, RequestOptions, Server, ServerResponse } from 'node:http';
import { startFaultProxy, type FaultProxy } from '../../../local/faultProxy/startFaultProxy';

type Handler = (incoming: IncomingMessage, response: ServerResponse) => void;

let target: Server;
let handler: Handler;
/** Requests that reached the target, "METHOD path". */
let reached: string[];
let proxy: FaultProxy<'graph'>;
const agent = new Agent({ keepAlive: true });

beforeEach(async () => {
  reached = [];
  handler = (incoming, response) => {
    incoming.resume().on('end', () => response.end(`answer to ${incoming.url}`));
  };
  target = createServer((incoming, response) => {
    reached.push(`${incoming.method} ${incoming.url}`);
    handler(incoming, response);
  });
  target.listen(0, '127.0.0.1');
  await once(target, 'listening');
  proxy = await startFaultProxy({ targets: { graph: origin(target) } });
});
afterEach(async () => {
  await proxy.close();
  target.closeAllConnections();
  await new Promise((resolve) => target.close(resolve));
});
afterAll(() => agent.destroy());

function origin(server: Server): string {
  const address = server.address();
  return `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;
}

interface Answer {
  readonly status: number | undefined;
  readonly rawHeaders: string[];
  readonly body: Buffer;
}

function start(path: string, options: RequestOptions = {}) {
  const { hostname, port } = new URL(proxy.urls.graph);
  return request({ hostname, port, path, agent, ...options });
}

async function finish(outgoing: ReturnType<typeof start>, body?: string | Buffer): Promise<Answer> {
  outgoing.end(body);
  const [incoming] = (await once(outgoing, 'response')) as [IncomingMessage];
  const parts: Buffer[] = [];
  for await (const part of incoming) parts.push(part as Buffer);
  return { status: incoming.statusCode, rawHeaders: incoming.rawHeaders, body: Buffer.concat(parts) };
}

const get = async (path: string): Promise<string> => (await finish(start(path))).body.toString();

describe('passing', () => {
  test('method, path, query, headers, Host and body reach the target unchanged', async () => {
    let seen: { rawHeaders: string[]; body: string } | undefined;
    handler = (incoming, response) => {
      let body = '';
      incoming.setEncoding('utf8').on('data', (part: string) => (body += part));
      incoming.on('end', () => {
        seen = { rawHeaders: incoming.rawHeaders, body };
        response.writeHead(207, 'Partly', ['X-One', 'a', 'x-one', 'b', 'Set-Cookie', 'c=1', 'Set-Cookie', 'd=2']);
        response.end('done');
      });
    };
    const headers = ['Host', 'account.example:81', 'X-CamelCase', '1', 'x-two', 'a', 'x-two', 'b'];
    const answer = await finish(
      start('/a%20b/(c)?d=%2F&e', { method: 'MERGE', headers: [...headers, 'Content-Length', '6'] }),
      'öäü',
    );
    expect(reached).toEqual(['MERGE /a%20b/(c)?d=%2F&e']);
    expect(seen?.body).toBe('öäü');
    expect(seen?.rawHeaders.slice(0, 10)).toEqual([...headers, 'Content-Length', '6']);
    expect(answer.status).toBe(207);
    expect(answer.rawHeaders.slice(0, 8)).toEqual([
      'X-One',
      'a',
      'x-one',
      'b',
      'Set-Cookie',
      'c=1',
      'Set-Cookie',
      'd=2',
    ]);
    expect(answer.body.toString()).toBe('done');
  });

  test('a chunked request stays chunked and streams both ways, piece by piece', async () => {
    handler = (incoming, response) => {
      response.writeHead(200, { 'x-encoding': incoming.headers['transfer-encoding'] ?? 'none' });
      incoming.pipe(response);
    };
    const outgoing = start('/', { method: 'POST' });
    outgoing.write('first');
    const [incoming] = (await once(outgoing, 'response')) as [IncomingMessage];
    const parts = incoming.setEncoding('utf8')[Symbol.asyncIterator]();
    // The request is still open, so this part was not kept back until its end.
    expect((await parts.next()).value).toBe('first');
    outgoing.end('second');
    expect((await parts.next()).value).toBe('second');
    expect((await parts.next()).done).toBe(true);
    expect(incoming.headers['x-encoding']).toBe('chunked');
  });

  test('a body too large to record passes byte for byte', async () => {
    handler = (incoming, response) => incoming.pipe(response);
    const body = Buffer.alloc(3 * 1024 * 1024, 'abc');
    const answer = await finish(start('/', { method: 'PUT', headers: { 'content-length': body.length } }), body);
    expect(answer.body.equals(body)).toBe(true);
    expect(proxy.calls()[0]?.bodyText).toBeUndefined();
  });

  test.each([
    ['HEAD', 200],
    ['GET', 204],
    ['GET', 304],
  ])('%s with %i has no body', async (method, status) => {
    handler = (_incoming, response) => response.writeHead(status, status === 200 ? { 'content-length': 7 } : {}).end();
    const answer = await finish(start('/', { method }));
    expect([answer.status, answer.body.length]).toEqual([status, 0]);
  });

  test('connections are kept, to the proxy and to the target', async () => {
    const ports = new Set<number | undefined>();
    handler = (incoming, response) => {
      ports.add(incoming.socket.remotePort);
      response.end();
    };
    const clientPorts = new Set<number | undefined>();
    for (let n = 0; n < 3; n += 1) {
      const outgoing = start('/');
      outgoing.once('response', () => clientPorts.add(outgoing.socket?.localPort));
      await finish(outgoing);
    }
    expect([ports.size, clientPorts.size]).toEqual([1, 1]);
  });

  test('a cut by the target on a kept connection cuts the client, and is not retried', async () => {
    await get('/1');
    handler = (incoming) => incoming.socket.destroy();
    await expect(finish(start('/2', { method: 'PUT', headers: { 'content-length': 1 } }), 'x')).rejects.toMatchObject({
      code: 'ECONNRESET',
    });
    expect(reached).toEqual(['GET /1', 'PUT /2']);
  });

  test('when a client disconnects, its request to the target is aborted', async () => {
    const aborted = new Promise<void>((resolve) => {
      handler = (incoming, response) => {
        response.once('close', resolve);
        incoming.resume();
      };
    });
    const outgoing = start('/slow').on('error', () => undefined);
    outgoing.end();
    await once(target, 'request');
    outgoing.destroy();
    await aborted;
    await until(() => proxy.calls()[0]?.end === 'clientGone');
  });

  test('without a target the client is disconnected', async () => {
    target.closeAllConnections();
    await new Promise((resolve) => target.close(resolve));
    await expect(get('/')).rejects.toMatchObject({ code: 'ECONNRESET' });
    await until(() => proxy.calls()[0]?.end === 'targetFailed');
  });
});

/** Waits for something that the other side of a connection does a moment later. */
async function until(reachedIt: () => boolean): Promise<void> {
  while (!reachedIt()) await new Promise((resolve) => setTimeout(resolve, 5));
}

describe('recording', () => {
  test('every call in order, with its effect, body, status and times', async () => {
    await finish(start('/v1.0/subscriptions/7', { method: 'PATCH', headers: { 'content-length': 2 } }), '{}');
    const mark = proxy.mark();
    await get('/v1.0/me?x=1');
    await until(() => proxy.calls()[1]?.answeredAt !== undefined);
    const times = { startedAt: expect.any(Number) as number, answeredAt: expect.any(Number) as number };
    expect(proxy.calls()).toEqual([
      {
        ...{ n: 1, target: 'graph', method: 'PATCH', path: '/v1.0/subscriptions/7', bodyText: '{}' },
        ...{ effect: 'graph.PATCH /v1.0/subscriptions/{id}', status: 200, end: 'answered' },
        ...times,
      },
      {
        ...{ n: 2, target: 'graph', method: 'GET', path: '/v1.0/me?x=1', effect: 'graph.GET /v1.0/me' },
        ...{ status: 200, end: 'answered', ...times },
      },
    ]);
    expect(proxy.calls({ since: mark }).map(({ n }) => n)).toEqual([2]);
  });
});

describe('faults', () => {
  const everything = () => true;

  test('hold before: nothing has reached the target until release', async () => {
    const fault = proxy.fault({ match: everything, when: 'before', action: 'hold' });
    const answer = get('/paused');
    expect(await fault.reached).toMatchObject({ n: 1, path: '/paused' });
    expect(reached).toEqual([]);
    fault.release();
    expect(await answer).toBe('answer to /paused');
  });

  test('hold after: the target has answered, the client gets the answer at release', async () => {
    const fault = proxy.fault({ match: everything, when: 'after', action: 'hold' });
    let answered = false;
    const answer = get('/paused').finally(() => (answered = true));
    expect(await fault.reached).toMatchObject({ status: 200 });
    expect([reached, answered]).toEqual([['GET /paused'], false]);
    fault.release();
    expect(await answer).toBe('answer to /paused');
  });

  test('a call on hold is never forwarded after its client disconnects', async () => {
    const fault = proxy.fault({ match: everything, when: 'before', action: 'hold' });
    const outgoing = start('/paused').on('error', () => undefined);
    outgoing.end();
    await fault.reached;
    outgoing.destroy();
    await until(() => proxy.calls()[0]?.end === 'clientGone');
    fault.release();
    await get('/next');
    expect(reached).toEqual(['GET /next']);
  });

  test.each([
    ['before', []],
    ['after', ['GET /cut']],
  ] as const)('drop %s cuts the client, the target received %j', async (when, expected) => {
    proxy.fault({ match: everything, when, action: 'drop' });
    await expect(get('/cut')).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect(reached).toEqual(expected);
    expect(await get('/next')).toBe('answer to /next');
    expect(proxy.calls()[0]?.end).toBe('dropped');
  });

  test('nth and count choose among the matching requests from now on', async () => {
    await get('/a');
    const fault = proxy.fault({
      ...{ match: ({ path }) => path === '/a', nth: 2, count: 2, when: 'before' },
      action: 'drop',
    });
    const outcomes: string[] = [];
    for (const path of ['/a', '/b', '/a', '/b', '/a', '/a'])
      outcomes.push(
        await get(path).then(
          () => 'answered',
          () => 'dropped',
        ),
      );
    expect(outcomes).toEqual(['answered', 'answered', 'dropped', 'answered', 'dropped', 'answered']);
    expect(fault.hits().map(({ n }) => n)).toEqual([4, 6]);
  });

  test('match sees the body, and one call can meet a fault before and one after', async () => {
    const match = ({ bodyText = '' }) => bodyText.includes('done');
    const before = proxy.fault({ match, when: 'before', action: 'hold' });
    void before.reached.then(() => before.release());
    proxy.fault({ match, when: 'after', action: 'drop' });
    const put = (body: string) =>
      finish(start('/', { method: 'PUT', headers: { 'content-length': body.length } }), body);
    expect((await put('claimed')).status).toBe(200);
    await expect(put('done')).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect([before.hits().length, reached.length]).toEqual([1, 2]);
  });

  test('cancel continues the calls on hold, hits nothing more, and rejects for a waiting test', async () => {
    const fault = proxy.fault({ match: everything, when: 'before', action: 'hold', count: Infinity });
    const answers = [get('/1'), get('/2')];
    await until(() => fault.hits().length === 2);
    fault.cancel();
    expect(await Promise.all([...answers, get('/3')])).toHaveLength(3);
    const unused = proxy.fault({ match: everything, when: 'before', action: 'hold' });
    proxy.cancelFaults();
    await expect(unused.reached).rejects.toThrow('cancelled');
  });

  test.each([
    ['before', []],
    ['after', ['GET /paused']],
  ] as const)('a call on hold %s the target can be dropped, the target received %j', async (when, expected) => {
    const fault = proxy.fault({ match: everything, when, action: 'hold' });
    const answer = expect(get('/paused')).rejects.toMatchObject({ code: 'ECONNRESET' });
    await fault.reached;
    fault.drop();
    await answer;
    expect(reached).toEqual(expected);
  });

  test('close cuts calls on hold', async () => {
    const fault = proxy.fault({ match: everything, when: 'before', action: 'hold' });
    const answer = expect(get('/paused')).rejects.toMatchObject({ code: 'ECONNRESET' });
    await fault.reached;
    await proxy.close();
    await answer;
    await expect(get('/')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    expect(reached).toEqual([]);
  });
});
