import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ConsoleState } from '../../../local/console/consoleApi';
import { ConsoleProblem } from '../../../local/console/consoleCalls';
import { createFeed, type Feed } from '../../../local/console/createFeed';
import { serveConsole, type ConsoleServer } from '../../../local/console/serveConsole';
import { callConsole } from '../../support/callConsole';
import { eventually } from '../../support/eventually';

const TOKEN = 'a-random-token';
const OTHER = 'https://attacker.example';

describe('the server of the console', () => {
  const folder = mkdtempSync(join(tmpdir(), 'console-'));
  const answered: unknown[] = [];
  let state: ConsoleState;
  let server: ConsoleServer;
  let feed: Feed;
  const story = (id: string) => ({ id }) as never;
  beforeAll(async () => {
    writeFileSync(join(folder, 'index.html'), '<!doctype html>');
    writeFileSync(join(folder, 'console.js'), 'export {};');
    writeFileSync(join(folder, 'secret.json'), '{}');
    feed = createFeed({ readState: () => Promise.resolve({ ...state }), stories: () => [story('first')], story });
    server = await serveConsole({
      ...{ port: 0, token: TOKEN, folder, feed },
      snapshot: () => Promise.resolve({ state, jobs: [] }),
      answer: (method, path, body) => {
        answered.push([method, path, body]);
        if (path === 'refused') throw new ConsoleProblem(409, 'appDown', 'The app is down already.');
        return Promise.resolve({ status: 202, body: {} });
      },
    });
  });
  beforeEach(() => {
    answered.length = 0;
    state = { app: { url: '', state: 'running' }, customers: [], faults: [], service: [] };
  });
  afterAll(async () => {
    feed.close();
    await server.close();
    rmSync(folder, { recursive: true });
  });

  /** fetch sets Host and Origin itself. */
  const send = (method: string, path: string, headers: Record<string, string> = {}, body = '') =>
    new Promise<{ status: number; headers: Record<string, unknown>; text: string }>((resolve, reject) => {
      const call = request(
        `${server.url}${path}`,
        {
          ...{ method, path, headers: { 'content-length': String(Buffer.byteLength(body)), ...headers } },
        },
        (answer) => {
          let text = '';
          answer.setEncoding('utf8').on('data', (part: string) => (text += part));
          answer.once('end', () => resolve({ status: answer.statusCode ?? 0, headers: answer.headers, text }));
        },
      );
      call.once('error', reject).end(body);
    });
  const withToken = { authorization: `Bearer ${TOKEN}` };

  describe('what a page of another site can send', () => {
    it.each([
      ['a simple request without asking first', { 'content-type': 'text/plain', origin: OTHER }, 403],
      ['a form, from a browser that sends no Origin', { 'content-type': 'text/plain' }, 401],
      ['the token of an earlier start', { authorization: 'Bearer another-token' }, 401],
      ['the token in another scheme', { authorization: `Basic ${TOKEN}` }, 401],
      ['the token, from another site', { ...withToken, origin: OTHER }, 403],
      ['the token, from a sandboxed page', { ...withToken, origin: 'null' }, 403],
      ['the token, to a name that now resolves to 127.0.0.1', { ...withToken, host: 'attacker.example:7070' }, 403],
    ])('%s does nothing', async (_name, headers, status) => {
      for (const [method, path] of [
        ['POST', '/api/print'],
        ['DELETE', '/api/faults/outage'],
        ['GET', '/api/state'],
        ['GET', '/api/stream'],
      ] as const) {
        const answer = await send(method, path, headers, method === 'GET' ? '' : '{}');
        expect([method, path, answer.status]).toEqual([method, path, status]);
        expect(answer.headers).not.toHaveProperty('access-control-allow-origin');
        expect(JSON.parse(answer.text)).toMatchObject({ error: { code: expect.any(String) as unknown } });
      }
      expect(answered).toEqual([]);
    });

    it('nothing of the page by a rebound name, and no preflight is allowed', async () => {
      expect((await send('GET', '/', { host: 'attacker.example' })).status).toBe(403);
      const preflight = await send('OPTIONS', '/api/print', { origin: OTHER, 'access-control-request-method': 'POST' });
      expect([preflight.status, preflight.headers['access-control-allow-origin']]).toEqual([403, undefined]);
    });

    it('a token in the query opens no call', async () => {
      expect((await send('GET', `/api/state?token=${TOKEN}`)).status).toBe(401);
    });
  });

  it('answers calls that have the token', async () => {
    const { port } = new URL(server.url);
    const headers = { ...withToken, origin: `http://localhost:${port}`, host: `localhost:${port}` };
    expect(await send('POST', '/api/faults/outage', headers, '{"seconds":1}')).toMatchObject({
      status: 202,
      text: '{}',
    });
    expect(answered).toEqual([['POST', 'faults/outage', { seconds: 1 }]]);
    expect(JSON.parse((await send('GET', '/api/state', withToken)).text)).toMatchObject({ state, jobs: [] });
  });

  it.each([
    ['/api/refused', '{}', 409, 'appDown'],
    ['/api/print', '{', 400, 'invalidRequest'],
    ['/api/print', ' '.repeat(70_000), 400, 'tooLarge'],
  ])('refuses POST %s', async (path, body, status, code) => {
    const answer = await send('POST', path, withToken, body);
    expect([answer.status, JSON.parse(answer.text)]).toMatchObject([status, { error: { code } }]);
  });

  it('serves the page without the token, which needs nothing from elsewhere', async () => {
    const page = await send('GET', `/?token=${TOKEN}`);
    expect([page.status, page.text]).toEqual([200, '<!doctype html>']);
    const policy = String(page.headers['content-security-policy']);
    expect(policy).toMatch(/^default-src 'none';/);
    expect(policy).not.toMatch(/unsafe|https?:|\*/);
    expect(page.headers).toMatchObject({ 'referrer-policy': 'no-referrer', 'x-content-type-options': 'nosniff' });
    expect((await send('GET', '/console.js')).headers['content-type']).toMatch('text/javascript');
  });

  it.each([
    '/../package.json',
    '/%2e%2e/package.json',
    '/..%2fpackage.json',
    '/secret.json',
    '/none.js',
    '/.env.html',
    '/a/b.js',
  ])('has no file %s', async (path) => {
    expect((await send('GET', path)).status).toBe(404);
  });

  it('streams a snapshot, then what changes, gathered by job', async () => {
    const ending = new AbortController();
    const seen: unknown[] = [];
    const reading = (async () => {
      for await (const event of callConsole(`${server.url}/?token=${TOKEN}`).stream(ending.signal)) seen.push(event);
    })().catch(() => undefined);
    await eventually('the snapshot', () => Promise.resolve(seen[0]));
    state = { ...state, app: { url: '', state: 'down' } };
    feed.stateChanged();
    for (const id of ['5182', '5183', '5182']) feed.jobChanged(id);
    await eventually('the jobs', () => Promise.resolve(seen[3]));
    ending.abort();
    await reading;
    expect(seen).toEqual([
      {
        name: 'snapshot',
        data: {
          state: expect.objectContaining({ app: { url: '', state: 'running' } }) as unknown,
          jobs: [{ id: 'first' }],
        },
      },
      { name: 'state', data: state },
      { name: 'job', data: { id: '5182' } },
      { name: 'job', data: { id: '5183' } },
    ]);
  });
});

it('names a port that is taken', async () => {
  const never = () => Promise.reject(new Error('not called'));
  const options = { token: TOKEN, folder: '', snapshot: never, feed: { open: never }, answer: never };
  const first = await serveConsole({ ...options, port: 0 });
  await expect(serveConsole({ ...options, port: Number(new URL(first.url).port) })).rejects.toThrow('EADDRINUSE');
  await first.close();
});
