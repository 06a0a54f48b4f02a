import { createServer } from 'node:http';
import { ProcessStartError, startProcess, type ProcessOptions, type RunningProcess } from '../../local/processes';

// Programs start slowly on a busy machine.
jest.setTimeout(30_000);

/** A Node that runs `script` and is ready at the line `ready …`. */
function options(script: string, over: Partial<ProcessOptions<string>> = {}): ProcessOptions<string> {
  return {
    name: 'Sample',
    command: process.execPath,
    args: ['-e', script],
    env: {},
    readyLine: (line) => /^ready (.*)/.exec(line)?.[1],
    ...over,
  };
}

const STAYS = "process.stdin.resume(); console.log('first'); console.log('ready now');";

async function failure(started: Promise<RunningProcess<string>>): Promise<ProcessStartError> {
  const error: unknown = await started.then(
    () => undefined,
    (cause: unknown) => cause,
  );
  if (error instanceof ProcessStartError) return error;
  throw new Error(`expected a ProcessStartError, got ${String(error)}`);
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

test('ready carries what the ready line said; stop ends it with the signal', async () => {
  const running = await startProcess(options(STAYS));
  expect(running.ready).toBe('now');
  expect(running.lines()).toEqual(['first', 'ready now']);
  expect(await running.stop()).toEqual({ code: null, signal: 'SIGTERM' });
  expect(await running.stop()).toEqual({ code: null, signal: 'SIGTERM' });
  expect(isAlive(running.pid)).toBe(false);
});

test('a program that handles the signal ends in its own way, and its last lines are kept', async () => {
  const script = `process.on('SIGTERM', () => { console.log('bye'); process.exit(7); }); ${STAYS}`;
  const running = await startProcess(options(script));
  expect(await running.stop()).toEqual({ code: 7, signal: null });
  expect(running.lines().at(-1)).toBe('bye');
});

test('kill ends a program that ignores the signal', async () => {
  const running = await startProcess(options(`process.on('SIGTERM', () => undefined); ${STAYS}`));
  expect(await running.kill()).toEqual({ code: null, signal: 'SIGKILL' });
  expect(await running.exited).toEqual({ code: null, signal: 'SIGKILL' });
});

test('stop kills a program that has not ended after 20 s', async () => {
  const running = await startProcess(options(`process.on('SIGTERM', () => console.log('no')); ${STAYS}`));
  const refused = new Promise((resolve) => running.onLine(resolve));
  jest.useFakeTimers();
  try {
    const stopped = running.stop();
    await refused;
    jest.advanceTimersByTime(19_999);
    expect(isAlive(running.pid)).toBe(true);
    jest.advanceTimersByTime(1);
    expect(await stopped).toEqual({ code: null, signal: 'SIGKILL' });
  } finally {
    jest.useRealTimers();
  }
});

test('onLine hears what comes from now on, until it is ended', async () => {
  const script = `process.on('SIGUSR2', () => console.log('again')); ${STAYS}`;
  const running = await startProcess(options(script));
  const heard: string[] = [];
  const two = new Promise<void>((resolve) => {
    const end = running.onLine((line) => {
      heard.push(line);
      if (heard.length === 1) process.kill(running.pid, 'SIGUSR2');
      if (heard.length === 2) {
        end();
        resolve();
      }
    });
  });
  process.kill(running.pid, 'SIGUSR2');
  await two;
  await running.stop();
  expect(heard).toEqual(['again', 'again']);
});

test('the environment is what was given and nothing of ours', async () => {
  const script = "console.log('ready ' + JSON.stringify(process.env)); process.stdin.resume();";
  const running = await startProcess(options(script, { env: { ONLY: 'this' } }));
  await running.kill();
  expect(JSON.parse(running.ready)).toEqual({ ONLY: 'this' });
});

test('an end before ready names the program, its code and its last words', async () => {
  const script = "console.error('the cause'); process.exitCode = 3;";
  const error = await failure(startProcess(options(script)));
  expect(error.code).toBe('EXITED_EARLY');
  expect(error.message).toBe('Sample ended with code 3 before it was ready.\n  the cause');
});

test('a taken port is named', async () => {
  const holder = createServer();
  await new Promise<void>((resolve) => holder.listen(0, '127.0.0.1', resolve));
  const address = holder.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  try {
    const script = `require('http').createServer().listen(${port}, '127.0.0.1')`;
    const error = await failure(startProcess(options(script)));
    expect(error.code).toBe('PORT_TAKEN');
    expect(error.message).toContain(`Sample could not start: port ${port} is already in use.`);
  } finally {
    await new Promise((resolve) => holder.close(resolve));
  }
});

test.each(['Port 7071 is taken: choose another.', 'listen EADDRINUSE: address already in use 127.0.0.1:7071'])(
  'a port is found in "%s"',
  async (line) => {
    const error = await failure(startProcess(options(`console.error(${JSON.stringify(line)}); process.exitCode = 1`)));
    expect([error.code, error.message]).toEqual(['PORT_TAKEN', expect.stringContaining('port 7071 is already in use')]);
  },
);

test('a program that never gets ready is killed', async () => {
  const error = await failure(
    startProcess(options('console.log(process.pid); process.stdin.resume()', { timeoutMs: 500 })),
  );
  expect(error.code).toBe('NOT_READY');
  expect(error.message).toMatch(/^Sample was not ready after 500 ms\./);
});

test('a program that does not exist is said so', async () => {
  const error = await failure(startProcess(options('', { command: '/no/such/program' })));
  expect(error.code).toBe('NOT_STARTED');
});

test('a child that watches its standard input ends when its parent is killed', async () => {
  // The parent starts a child that holds on to stdin as --stop-with-stdin does, tells its pid, and is killed.
  const child = "process.stdin.resume().on('close', () => process.exit(0)); setInterval(() => undefined, 1000);";
  const parent = `const { spawn } = require('node:child_process');
    const child = spawn(process.execPath, ['-e', ${JSON.stringify(child)}], { stdio: ['pipe', 'inherit', 'inherit'] });
    console.log('ready ' + child.pid);`;
  const running = await startProcess(options(parent));
  expect(isAlive(Number(running.ready))).toBe(true);
  // This resolves when the output is closed, which the child of the child holds open as long as it lives. (Its pid may
  // stay a zombie in a container whose first process does not reap.)
  expect(await running.kill()).toEqual({ code: null, signal: 'SIGKILL' });
});
