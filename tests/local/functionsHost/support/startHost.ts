import { baseEnvironment, startProcess, type RunningProcess } from '../../../../local/processes';
import { eventually } from '../../../support/eventually';
import { fixtureApp } from './buildHost';

/** One line of the host's output. */
export type HostEvent = { readonly event: string } & Readonly<Record<string, unknown>>;

export interface TestHost {
  readonly url: string;
  readonly ready: HostEvent;
  readonly process: RunningProcess<HostEvent>;
  events(name: string, fn?: string): HostEvent[];
  /** What a function of the fixture said about its runs, oldest first. */
  said(fn: string): Record<string, unknown>[];
  /** Waits for the n-th of these; an answer may be here before the line about it. */
  heard(fn: string, n: number): Promise<Record<string, unknown>>;
  /** Waits for the first event of a name, of a function. */
  seen(name: string, fn: string): Promise<HostEvent>;
  /** Waits until `count` invocations of a function have ended. */
  ended(fn: string, count: number): Promise<HostEvent[]>;
  runNow(fn: string, body?: unknown): Promise<number>;
}

interface TestHostOptions {
  readonly file: string;
  readonly root?: string;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly preload?: readonly string[];
  readonly functionKey?: string;
}

/** Starts the bundled host on a free port. Throws ProcessStartError when it ends before it is ready. */
export async function startHost({
  file,
  root = fixtureApp,
  args = [],
  env = {},
  preload = [],
  functionKey = '',
}: TestHostOptions): Promise<TestHost> {
  const process = await startProcess({
    name: 'host',
    args: [
      ...preload.flatMap((path) => ['--require', path]),
      file,
      '--root',
      root,
      '--port',
      '0',
      '--stop-with-stdin',
      ...(functionKey === '' ? [] : ['--function-key', functionKey]),
      ...args,
    ],
    env: { ...baseEnvironment(), ...env },
    readyLine: (line) => {
      const event = parse(line);
      return event?.event === 'ready' ? event : undefined;
    },
  });
  const url = String(process.ready.url);
  const all = () => process.lines().flatMap((line) => parse(line) ?? []);
  const events = (name: string, fn?: string) =>
    all().filter((event) => event.event === name && (fn === undefined || event.function === fn));
  const said = (fn: string) =>
    events('log', fn)
      .filter(({ category }) => category === `Function.${fn}.User`)
      .map(({ message }) => JSON.parse(String(message)) as Record<string, unknown>);
  return {
    url,
    ready: process.ready,
    process,
    events,
    said,
    heard: (fn, n) => eventually(`line ${n} of ${fn}`, () => said(fn)[n - 1]),
    seen: (name, fn) => eventually(`${name} of ${fn}`, () => events(name, fn)[0]),
    ended: (fn, count) =>
      eventually(`${count} ends of ${fn}`, () => {
        const found = events('invocation', fn);
        return found.length >= count ? found : undefined;
      }),
    runNow: async (fn, body = {}) =>
      (
        await fetch(`${url}/admin/functions/${fn}`, {
          method: 'POST',
          headers: { 'content-type': 'application/json', 'x-functions-key': functionKey },
          body: JSON.stringify(body),
        })
      ).status,
  };
}

function parse(line: string): HostEvent | undefined {
  try {
    return JSON.parse(line) as HostEvent;
  } catch {
    return undefined;
  }
}
