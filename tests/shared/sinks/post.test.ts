import http, { type RequestListener } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { createPost, type PostOptions } from '../../../shared/sinks/post';
import { createPublicLookup } from '../../../shared/sinks/publicLookup';

/* Real connections to services on loopback. */

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

async function startService(listener: RequestListener) {
  const server = http.createServer(listener);
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => sockets.add(socket));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return { sockets, port: (server.address() as AddressInfo).port };
}

const send = (port: number, options: PostOptions = {}, host = '127.0.0.1') =>
  createPost(options)({
    url: `http://${host}:${port}/print?code=1`,
    headers: { 'webhook-id': 'evt_1' },
    body: '{"ü":1}',
  });

it('sends the body with its length and returns status and head', async () => {
  const seen: unknown[] = [];
  const { port } = await startService((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { method, url, headers } = request;
      seen.push({ method, url, headers, body: Buffer.concat(chunks).toString() });
      response.writeHead(429, { 'retry-after': '7' }).end('later');
    });
  });
  expect(await send(port)).toMatchObject({ status: 429, headers: { 'retry-after': '7' } });
  expect(seen).toMatchObject([
    {
      method: 'POST',
      url: '/print?code=1',
      headers: { 'content-length': '8', 'webhook-id': 'evt_1' },
      body: '{"ü":1}',
    },
  ]);
});

it.each([301, 302, 307, 308])('follows no redirect (%i)', async (status) => {
  const paths: (string | undefined)[] = [];
  const { port } = await startService((request, response) => {
    paths.push(request.url);
    response.writeHead(status, { location: '/elsewhere' }).end();
  });
  expect(await send(port)).toMatchObject({ status });
  expect(paths).toEqual(['/print?code=1']);
});

it('reads no more than 4 KiB of an answer, and cuts its connection', async () => {
  let written = 0;
  const { port, sockets } = await startService((_request, response) => {
    response.writeHead(200);
    const timer = setInterval(() => {
      written += 1_024;
      response.write('x'.repeat(1_024));
    }, 2);
    response.on('close', () => clearInterval(timer));
  });
  // Without the bound this answer would never end.
  expect(await send(port, { timeoutMs: 20_000 })).toMatchObject({ status: 200 });
  await Promise.all([...sockets].map((socket) => new Promise((resolve) => socket.once('close', resolve))));
  expect(written).toBeGreaterThan(4 * 1_024);
});

it('waits for an answer no longer than its limit', async () => {
  const { port } = await startService(() => undefined);
  expect(await send(port, { timeoutMs: 100 })).toMatchObject({ noAnswer: 'ETIMEDOUT' });
});

it('keeps the status of an answer whose rest does not arrive', async () => {
  const { port } = await startService((_request, response) => {
    response.writeHead(202, { 'content-length': '100' }).write('x');
  });
  expect(await send(port, { timeoutMs: 200 })).toMatchObject({ status: 202 });
});

it('names what prevented an answer', async () => {
  const { port } = await startService((request) => request.socket.destroy());
  expect(await send(port)).toMatchObject({ noAnswer: 'ECONNRESET' });
  expect(await send(1)).toMatchObject({ noAnswer: 'ECONNREFUSED' });
});

it('uses a connection again, and sends once more where the service has closed it', async () => {
  const seen: string[] = [];
  let isClosing = false;
  const { port, sockets } = await startService((request, response) => {
    seen.push(isClosing ? 'closed' : 'answered');
    if (isClosing) {
      isClosing = false;
      return request.socket.destroy();
    }
    response.end('ok');
  });
  const post = createPost();
  const request = { url: `http://127.0.0.1:${port}/`, headers: {}, body: '{}' };
  await post(request);
  await post(request);
  expect(sockets.size).toBe(1);
  isClosing = true;
  expect(await post(request)).toMatchObject({ status: 200 });
  expect(seen).toEqual(['answered', 'answered', 'closed', 'answered']);
});

describe('with a lookup of public addresses', () => {
  const resolveTo =
    (...addresses: string[]) =>
    (_name: string, _options: object, callback: (error: null, found: { address: string; family: number }[]) => void) =>
      callback(
        null,
        addresses.map((address) => ({ address, family: 4 })),
      );

  it('no connection is made for a name that leads to this machine', async () => {
    const { port, sockets } = await startService((_request, response) => response.end());
    const lookup = createPublicLookup(false, resolveTo('127.0.0.1'));
    expect(await send(port, { lookup }, 'events.example')).toMatchObject({ noAnswer: 'addressNotPublic' });
    expect(sockets.size).toBe(0);
    expect(await send(port, { lookup: createPublicLookup(false) }, 'localhost')).toMatchObject({
      noAnswer: 'addressNotPublic',
    });
    expect(sockets.size).toBe(0);
  });

  it('the connection is made to the address that was checked, though the name has another one later', async () => {
    const { port } = await startService((request, response) => response.end(request.headers.host));
    const answers = [['127.0.0.1'], ['10.0.0.1']];
    let asked = 0;
    const lookup = createPublicLookup(true, (name, options, callback) => {
      resolveTo(...(answers[asked++] ?? []))(name, options, callback);
    });
    expect(await send(port, { lookup }, 'rebinding.example')).toMatchObject({ status: 200 });
    expect(asked).toBe(1);
    expect(await send(port, { lookup }, 'rebinding.example')).toMatchObject({ noAnswer: 'addressNotPublic' });
  });
});
