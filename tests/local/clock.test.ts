import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClockFile } from '../../local/clockFile';

// Programs start slowly on a busy machine.
jest.setTimeout(30_000);

const preload = join(__dirname, '..', '..', 'local', 'clock.cjs');
const DAY_MS = 24 * 60 * 60 * 1000;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'clock-test-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** Runs an expression in a Node that has the clock preloaded, and gives its value. */
function evaluate(expression: string, clockFile?: string): unknown {
  const script = `process.stdout.write(JSON.stringify(${expression}))`;
  const output = execFileSync(process.execPath, ['--require', preload, '-e', script], {
    env: clockFile === undefined ? {} : { CLOCK_FILE: clockFile },
    encoding: 'utf8',
  });
  return JSON.parse(output) as unknown;
}

test.each([
  ['Date.now()', 'Date.now()'],
  ['new Date()', 'new Date().getTime()'],
  ['Date()', 'Date.parse(Date())'],
  ['a subclass', 'new (class extends Date {})().getTime()'],
])('%s is ahead by what the file says', (_name, expression) => {
  const clock = createClockFile(join(folder, 'offset'));
  clock.move(10 * DAY_MS);
  const ahead = Number(evaluate(expression, clock.path)) - Date.now();
  clock.remove();
  expect(ahead).toBeGreaterThan(10 * DAY_MS - 60_000);
  expect(ahead).toBeLessThan(10 * DAY_MS + 60_000);
});

test('the class keeps its identity: nothing but the present moment differs', () => {
  const clock = createClockFile(join(folder, 'offset'));
  clock.move(DAY_MS);
  // What ECMA-262 section 21.4 says of Date.
  const facts = evaluate(
    `[
      new Date() instanceof Date,
      Object.getPrototypeOf(new Date()) === Date.prototype,
      new Date().constructor === Date,
      Date.name, Date.length, typeof Date(), Date.now.name,
      Date.UTC(2026, 0, 2, 3, 4, 5, 6),
      Date.parse('2026-01-02T03:04:05.006Z'),
      new Date('2026-01-02T03:04:05.006Z').toISOString(),
      new Date(2026, 0).getFullYear(),
      new Date(new Date(5)).getTime(),
      new Date(undefined).getTime(),
      new (class Later extends Date { constructor() { super(7); } kind() { return 'later'; } })().kind(),
      structuredClone(new Date(9)) instanceof Date,
      Number.isInteger(Date.now()),
      Object.prototype.toString.call(new Date()),
    ]`,
    clock.path,
  );
  clock.remove();
  expect(facts).toEqual([
    ...[true, true, true],
    ...['Date', 7, 'string', 'now'],
    ...[Date.UTC(2026, 0, 2, 3, 4, 5, 6), Date.UTC(2026, 0, 2, 3, 4, 5, 6), '2026-01-02T03:04:05.006Z'],
    ...[2026, 5, null, 'later', true, true, '[object Date]'],
  ]);
});

test('without a file named, or without that file, there is no shift and no error', () => {
  expect(Math.abs(Number(evaluate('Date.now()')) - Date.now())).toBeLessThan(60_000);
  expect(Math.abs(Number(evaluate('Date.now()', join(folder, 'none'))) - Date.now())).toBeLessThan(60_000);
});

test('running processes see a move at once, and real time again when the file is removed', async () => {
  const clock = createClockFile(join(folder, 'offset'));
  const echo = "process.stdin.on('data', () => process.stdout.write(Date.now() + '\\n'))";
  const children = [1, 2].map(() =>
    spawn(process.execPath, ['--require', preload, '-e', echo], { env: { CLOCK_FILE: clock.path } }),
  );
  const askAll = (): Promise<number[]> =>
    Promise.all(
      children.map((child) => {
        const answer = new Promise<number>((resolve) => {
          child.stdout.once('data', (bytes: Buffer) => resolve(Number(bytes.toString())));
        });
        child.stdin.write('?');
        return answer;
      }),
    );
  const daysAhead = async (): Promise<number[]> =>
    (await askAll()).map((now) => Math.round(Math.abs(now - Date.now()) / DAY_MS));
  try {
    expect(await daysAhead()).toEqual([0, 0]);
    clock.move(2 * DAY_MS);
    expect(await daysAhead()).toEqual([2, 2]);
    clock.move(DAY_MS);
    expect(clock.offset()).toBe(3 * DAY_MS);
    expect(await daysAhead()).toEqual([3, 3]);
    clock.move(-3 * DAY_MS);
    expect(await daysAhead()).toEqual([0, 0]);
    clock.move(DAY_MS);
    clock.remove();
    expect(await daysAhead()).toEqual([0, 0]);
    expect(existsSync(clock.path)).toBe(false);
    expect(() => clock.move(1)).toThrow('has been removed');
  } finally {
    await Promise.all(
      children.map((child) => {
        const closed = new Promise((resolve) => child.once('close', resolve));
        child.stdin.end();
        return closed;
      }),
    );
  }
});
