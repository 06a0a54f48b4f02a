import http from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { createSendHttp } from '../../../shared/graph/http';

let server: http.Server;
let url: string;
let sockets: Set<Socket>;
let answer: http.RequestListener;
let requests: { method?: string | undefined; headers: http.IncomingHttpHeaders; body: string }[];

beforeEach(async () => {
  sockets = new Set();
  requests = [];
  answer = (_request, response) => response.end('{}');
  server = http.createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8');
    request.on('data', (chunk: string) => (body += chunk));
    request.on('end', () => {
      requests.push({ method: request.method, headers: request.headers, body });
      answer(request, response);
    });
  });
  server.on('connection', (socket) => sockets.add(socket));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const HEADERS = { Authorization: 'Bearer secret-token' };
const get = (path = '/', timeoutMs = 5_000) => ({
  method: 'GET',
  url: url + path,
  headers: HEADERS,
  timeoutMs,
  maySend: () => true,
});

test('connections are kept: calls one after the other use one', async () => {
  const sendHttp = createSendHttp();
  for (let call = 0; call < 3; call += 1) await sendHttp(get());
  expect(requests).toHaveLength(3);
  expect(sockets.size).toBe(1);
});

test('any status resolves, with the text untouched and names of headers in lower case', async () => {
  answer = (_request, response) => {
    response.writeHead(429, { 'Retry-After': '2.128', 'Content-Type': 'application/json' });
    response.end(' {"a":1} ');
  };
  const answered = await createSendHttp()(get());
  expect(answered).toMatchObject({ status: 429, body: ' {"a":1} ', headers: { 'retry-after': '2.128' } });
});

test('an answer without a body is empty text', async () => {
  answer = (_request, response) => response.writeHead(204).end();
  await expect(createSendHttp()(get())).resolves.toMatchObject({ status: 204, body: '' });
});

test('a body is sent as it is', async () => {
  await createSendHttp()({
    method: 'PATCH',
    url,
    headers: { ...HEADERS, 'Content-Type': 'application/json' },
    body: '{"status":{"state":"completed"}}',
    timeoutMs: 5_000,
    maySend: () => true,
  });
  expect(requests[0]).toMatchObject({
    method: 'PATCH',
    body: '{"status":{"state":"completed"}}',
    headers: { 'content-type': 'application/json', authorization: 'Bearer secret-token' },
  });
});

test('a redirect is answered, not followed: the token goes nowhere else', async () => {
  answer = (_request, response) => response.writeHead(302, { location: `${url}/elsewhere` }).end();
  await expect(createSendHttp()(get())).resolves.toMatchObject({ status: 302 });
  expect(requests).toHaveLength(1);
});

test('the time-out covers the body: an answer that stops halfway is no answer', async () => {
  answer = (_request, response) => {
    response.writeHead(200, { 'content-length': '100' });
    response.write('{"half":');
  };
  await expect(createSendHttp()(get('/', 200))).rejects.toThrow(/^No answer \(/);
});

test('an error says its code and holds neither token nor request', async () => {
  answer = (request) => request.socket.destroy();
  const error: unknown = await createSendHttp()(get('/secret-path')).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(Error);
  const { message, stack, cause } = error as Error;
  expect(message).toBe('No answer (ECONNRESET)');
  expect(cause).toBeUndefined();
  expect(Object.keys(error as Error)).toEqual([]);
  expect(`${message} ${stack ?? ''}`).not.toMatch(/secret/);
});

test('an error before anything is sent is reported without its text', async () => {
  const bad = { ...get(), headers: { Authorization: 'Bearer secret\ntoken' }, timeoutMs: Number.NaN };
  const error: unknown = await createSendHttp()(bad).catch((thrown: unknown) => thrown);
  expect(String(error)).toBe('Error: No answer (ERR_OUT_OF_RANGE)');
});

test('an answer that is longer than any of Graph is no answer', async () => {
  answer = (_request, response) => response.end(Buffer.alloc(17 * 1024 * 1024, ' '));
  await expect(createSendHttp()(get())).rejects.toThrow('No answer (ERR_BAD_RESPONSE)');
});

test('whether a request may be sent is asked on its connection, and nothing is written when it may not', async () => {
  const sendHttp = createSendHttp();
  const asked: number[] = [];
  const sent = await sendHttp({
    ...get(),
    maySend: () => {
      asked.push(sockets.size);
      return false;
    },
  });
  expect(sent).toBe('notSent');
  expect(asked).toHaveLength(1);
  await sendHttp(get('/after'));
  expect(requests).toHaveLength(1);
});

test('a request that waited for one of the 64 connections asks when it has one, not before', async () => {
  const sendHttp = createSendHttp();
  let free: () => void = () => undefined;
  const held = new Promise<void>((resolve) => (free = resolve));
  answer = (_request, response) => void held.then(() => response.end('{}'));
  const busy = Array.from({ length: 64 }, () => sendHttp(get()));
  let isPaused = false;
  const waiting = sendHttp({ ...get(), maySend: () => !isPaused });
  while (requests.length < 64) await new Promise((resolve) => setImmediate(resolve));
  isPaused = true;
  free();
  expect(await waiting).toBe('notSent');
  await Promise.all(busy);
  expect(requests).toHaveLength(64);
});
