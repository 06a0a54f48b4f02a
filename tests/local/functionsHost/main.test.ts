import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { request, Agent } from 'node:http';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from '../../support/eventually';
import { buildHost } from './support/buildHost';
import { startHost, type TestHost } from './support/startHost';

// Hosts are processes of their own; on a busy machine one takes seconds to start.
jest.setTimeout(60_000);

const host = buildHost();
// Every storage function off: this file needs no storage. Setting of the documentation page disable-function.
const env = Object.fromEntries(
  ['work', 'hourly', 'often', 'starting', 'unset'].map((name) => [`AzureWebJobs.${name}.Disabled`, 'true']),
);
let running: TestHost;

beforeAll(async () => {
  running = await startHost({ file: host.file, env, functionKey: 'k3y', args: ['--settings', 'none'] });
});
afterAll(async () => {
  await running.process.stop();
  host.remove();
});

const call = (path: string, init?: RequestInit) => fetch(`${running.url}${path}`, init);
const KEY = { 'x-functions-key': 'k3y' };

// InvocationModel.ts of azure-functions-nodejs-library: the library's own models run the function.
test('the ready line lists what runs, each with its trigger', () => {
  expect(running.ready.functions).toContainEqual({
    name: 'echo',
    type: 'http',
    route: 'echo',
    methods: ['POST', 'PUT', 'HEAD'],
  });
  expect(running.ready.functions).not.toContainEqual(expect.objectContaining({ name: 'work' }));
});

test('a binary body passes unchanged both ways, with status, headers and cookies', async () => {
  const bytes = Uint8Array.from({ length: 256 }, (_, index) => index);
  const answer = await call('/api/echo?a=1&a=2&b=', {
    method: 'POST',
    body: bytes,
    headers: { 'x-in': 'in' },
  });
  expect(answer.status).toBe(201);
  expect(new Uint8Array(await answer.arrayBuffer())).toEqual(bytes);
  expect(answer.headers.get('x-answer')).toBe('a');
  expect(answer.headers.get('content-type')).toBe('application/octet-stream');
  expect(answer.headers.getSetCookie()).toEqual(['c=v%20w; max-age=5; path=/p; samesite=lax; httponly']);
  // host.json extensions.http.customHeaders (HttpOptions.cs).
  expect(answer.headers.get('x-from-host')).toBe('yes');
  expect(await running.heard('echo', 1)).toEqual({
    url: `${running.url}/api/echo?a=1&a=2&b=`,
    length: 256,
    query: { a: '1,2', b: '' },
    header: 'in',
    trace: '',
    // fromRpcTriggerMetadata.ts: undefined for HTTP.
    metadata: 'undefined',
  });
});

// azure-functions-host#4926: without streaming the host hands over a body only when Content-Length is above 0.
test('a chunked body reaches the function empty', async () => {
  const status = await new Promise<number | undefined>((resolve, reject) => {
    const chunked = request(
      `${running.url}/api/echo`,
      { method: 'POST', headers: { 'transfer-encoding': 'chunked' } },
      (answer) => answer.resume().on('end', () => resolve(answer.statusCode)),
    );
    chunked.on('error', reject);
    chunked.write('lost');
    chunked.end('for good');
  });
  expect(status).toBe(201);
  expect(await running.heard('echo', 2)).toMatchObject({ length: 0 });
});

// WorkerFunctionInvoker.cs, without streaming: 500, and no error text for the caller.
test('an uncaught error is an empty 500, logged with its stack, and ends as not ok', async () => {
  const answer = await call('/api/throws');
  expect(answer.status).toBe(500);
  expect(await answer.text()).toBe('');
  expect(await running.seen('log', 'throws')).toMatchObject({
    level: 'error',
    message: expect.stringContaining('not for the caller') as string,
  });
  expect(await running.seen('invocation', 'throws')).toMatchObject({
    ok: false,
    durationMs: expect.any(Number) as number,
  });
});

test('a postInvocation hook can replace an error, a log hook can change a line, appStart ran first', async () => {
  expect((await call('/api/saved')).status).toBe(299);
  expect(await (await call('/api/hooked')).json()).toEqual(expect.arrayContaining(['appStart', 'pre hooked']));
  expect(await running.heard('hooked', 1)).toBe('changed by a hook');
});

test('another method and an unknown route are 404', async () => {
  expect((await call('/api/echo')).status).toBe(404);
  expect((await call('/api/unknown')).status).toBe(404);
  expect((await call('/echo', { method: 'POST' })).status).toBe(404);
});

test('HEAD is answered without a body if the function accepts it', async () => {
  const answer = await call('/api/echo', { method: 'HEAD' });
  expect([answer.status, answer.headers.get('x-answer'), await answer.text()]).toEqual([201, 'a', '']);
});

test('route parameters reach the function decoded', async () => {
  expect(await (await call('/api/JOBS/7/x%20y/z')).json()).toEqual({ id: '7', rest: 'x y/z' });
  expect((await call('/api/jobs/seven')).status).toBe(404);
});

// Article functions-bindings-http-webhook-trigger, authLevel: the host answers 401 before any code runs.
test('a function key is required, in the query or in the header', async () => {
  expect((await call('/api/keyed')).status).toBe(401);
  expect((await call('/api/keyed?code=wrong')).status).toBe(401);
  expect(await (await call('/api/keyed?code=k3y')).text()).toBe('in');
  expect(await (await call('/api/keyed', { headers: { 'x-functions-key': 'k3y' } })).text()).toBe('in');
  expect(await running.ended('keyed', 2)).toHaveLength(2);
});

test('connections are kept alive', async () => {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const port = () =>
    new Promise<number | undefined>((resolve, reject) => {
      request(`${running.url}/api/nothing`, { agent }, (answer) => {
        const { localPort } = answer.socket;
        answer.resume().on('end', () => resolve(localPort));
      })
        .on('error', reject)
        .end();
    });
  const first = await port();
  expect(await port()).toBe(first);
  agent.destroy();
});

// coreApi/registerFunction.ts: registration only until the metadata was requested.
test('registering later throws', async () => {
  expect(await (await call('/api/late')).text()).toContain('can only be registered during app startup');
});

test('createRequire answers the core module', async () => {
  expect(await (await call('/api/core')).json()).toContain('registerFunction');
});

test('text that the app writes to stdout becomes a log line', async () => {
  await call('/api/noisy');
  const line = await eventually('the line', () =>
    running.events('log').find(({ category }) => category === 'Worker.Console'),
  );
  expect(line).toMatchObject({ level: 'information', message: 'a line on stdout' });
});

test('host status counts functions and running invocations', async () => {
  const status = async () =>
    (await call('/admin/host/status', { headers: KEY })).json() as Promise<Record<string, unknown>>;
  expect(await status()).toEqual({
    state: 'Running',
    functions: (running.ready.functions as unknown[]).length,
    running: 0,
  });
  const slow = call('/api/slow');
  await eventually('one running', async () => ((await status()).running === 1 ? true : undefined));
  await slow;
  expect((await status()).running).toBe(0);
});

// "Disabled functions can still be run by calling the REST endpoint" (documentation page disable-function).
test('a disabled function is not triggered, and /admin can run it', async () => {
  expect(await running.runNow('starting')).toBe(202);
  expect(await running.ended('starting', 1)).toMatchObject([{ ok: true }]);
});

test('admin refuses unknown and HTTP functions', async () => {
  expect(await running.runNow('unknown')).toBe(404);
  expect(await running.runNow('echo')).toBe(400);
});

describe('start and end', () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'host-app-'));
    writeFileSync(join(root, 'host.json'), '{"version":"2.0"}');
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));
  const app = (main: string, source?: string) => {
    writeFileSync(join(root, 'package.json'), JSON.stringify({ main }));
    if (source !== undefined) writeFileSync(join(root, main), source);
  };
  const start = (args: string[] = []) => startHost({ file: host.file, root, args });

  // startApp.ts of azure-functions-nodejs-worker: any throw at load, or a glob with zero matches, blocks the whole app.
  test('a throw while loading blocks the app', async () => {
    app('index.mjs', 'throw new Error("config is bad")');
    await expect(start()).rejects.toThrow(/code 1 [\s\S]*unable to load entry point "index.mjs"[\s\S]*config is bad/);
  });

  test('a main that matches nothing blocks the app', async () => {
    app('dist/*.js');
    await expect(start()).rejects.toThrow(/code 1 [\s\S]*Found zero files matching/);
  });

  test('an unknown option ends with 2, a taken port with 1 and its number', async () => {
    app('index.mjs', '');
    await expect(start(['--prot'])).rejects.toThrow(/code 2 [\s\S]*Unknown option '--prot'/);
    const { port } = new URL(running.url);
    await expect(start(['--port', port])).rejects.toMatchObject({
      code: 'PORT_TAKEN',
      message: expect.stringContaining(`Port ${port} is taken`) as string,
    });
  });

  // CHANGELOG of Extensions.Storage.Queues 5.3.4, terminateWorker.ts: shutdown completes running invocations.
  test('SIGTERM completes a running call, runs appTerminate, closes the port and exits 0', async () => {
    const other = await startHost({ file: host.file, env });
    const answer = fetch(`${other.url}/api/slow`);
    await eventually('running', async () => {
      const status = (await (await fetch(`${other.url}/admin/host/status`)).json()) as { running: number };
      return status.running === 1 ? true : undefined;
    });
    const exit = other.process.stop();
    expect(await (await answer).text()).toBe('done');
    expect(await exit).toEqual({ code: 0, signal: null });
    expect(other.events('log')).toContainEqual(expect.objectContaining({ message: 'appTerminate ran' }));
    expect(other.events('stopped')).toHaveLength(1);
    await expect(fetch(other.url)).rejects.toThrow('fetch failed');
  });

  test('with --stop-with-stdin it ends when stdin closes, as it does when its parent is killed', async () => {
    app('index.mjs', '');
    const child = spawn(process.execPath, [host.file, '--root', root, '--port', '0', '--stop-with-stdin']);
    const exited = once(child, 'exit');
    let output = '';
    child.stdout.on('data', (data) => (output += String(data)));
    await eventually('ready', () => (output.includes('"ready"') ? true : undefined));
    child.stdin.end();
    expect(await exited).toEqual([0, null]);
    expect(output).toContain('{"event":"stopped"}');
  });

  test('Values of local.settings.json reach the app if the environment does not set them', async () => {
    app('index.mjs', 'console.log(`${process.env.FROM_FILE} ${process.env.FROM_BOTH}`);');
    writeFileSync(join(root, 'local.settings.json'), '{"Values":{"FROM_FILE":"file","FROM_BOTH":"file"}}');
    const other = await startHost({ file: host.file, root, env: { FROM_BOTH: 'env' } });
    await other.process.stop();
    expect(other.events('log')).toContainEqual(expect.objectContaining({ message: 'file env' }));
  });

  test('--help prints the usage', () => {
    expect(execFileSync(process.execPath, [host.file, '--help'], { encoding: 'utf8' })).toContain(
      '--message-lease-seconds <n>',
    );
  });

  test('a second signal ends it at once', async () => {
    const other = await startHost({ file: host.file, env });
    const answer = fetch(`${other.url}/api/slow`).catch(() => 'cut off');
    await eventually('running', async () => {
      const status = (await (await fetch(`${other.url}/admin/host/status`)).json()) as { running: number };
      return status.running === 1 ? true : undefined;
    });
    process.kill(other.process.pid, 'SIGINT');
    process.kill(other.process.pid, 'SIGTERM');
    expect(await other.process.exited).toEqual({ code: 1, signal: null });
    expect(await answer).toBe('cut off');
  });
});
