import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { onClock } from './clockFile';
import { baseEnvironment, startProcess, type RunningProcess } from './processes';

interface StandInOptions {
  /** The folder of this package, which holds dist/ and local/. */
  readonly root: string;
  readonly clockFile?: string;
  /** Another program with the same ready line (default: the built one). */
  readonly file?: string;
  /** Default: any free port. */
  readonly port?: number;
}

type Started<T> = T & Omit<RunningProcess<T>, 'ready'>;

export interface GraphSimulatorOptions extends StandInOptions {
  readonly tokenPort?: number;
  /** Seed of all random decisions. */
  readonly seed?: number;
}

export interface GraphSimulatorUrls {
  /** Origin. `/v1.0` or `/beta` follows it. */
  readonly graphUrl: string;
  readonly controlUrl: string;
  /** Every call of the control API carries it. */
  readonly controlToken: string;
  readonly authorityUrl: string;
  /** PEM file of the certificate authority of authorityUrl. */
  readonly caFile: string;
  /** The app registration of its tokens and notifications. */
  readonly appId: string;
}

export type GraphSimulatorProcess = Started<GraphSimulatorUrls>;

/** Starts the built Graph simulator on 127.0.0.1. Throws ProcessStartError. PORT_TAKEN names the port. */
export async function startGraphSimulator(options: GraphSimulatorOptions): Promise<GraphSimulatorProcess> {
  const { port = 0, tokenPort = 0, seed = 1 } = options;
  const args = ['--port', `${port}`, '--token-port', `${tokenPort}`, '--seed', `${seed}`];
  return startStandIn('Graph simulator', 'graphSimulator', options, args, baseEnvironment(), (text) => ({
    graphUrl: text('graphUrl'),
    controlUrl: text('controlUrl'),
    controlToken: text('controlToken'),
    authorityUrl: text('authorityUrl'),
    caFile: text('caFile'),
    appId: text('appId'),
  }));
}

export interface FunctionsHostOptions extends StandInOptions {
  /** The folder that holds the app (package.json, host.json). Default: `root`. */
  readonly appRoot?: string;
  /** The whole environment of the app: its settings and what a program needs to run. */
  readonly env: Readonly<Record<string, string>>;
  readonly messageLeaseSeconds?: number;
  readonly functionKey?: string;
}

export type FunctionsHostProcess = Started<{ readonly url: string }> & {
  /** The process that runs the app now, a child of the host. */
  workerPid(): number;
  /** Kills the process that runs the app, as when it alone fails. The host starts another one. */
  killWorker(): void;
  /** What the host has logged of each worker that ended by itself, and not by `killWorker`. */
  workerDeaths(): readonly string[];
  /**
   * Resolves when no invocation is in progress: to true if none was at the first check. Throws after `timeoutMs`
   * (10,000).
   */
  waitUntilIdle(timeoutMs?: number): Promise<boolean>;
};

/** Starts the built functions host on 127.0.0.1. Throws ProcessStartError. PORT_TAKEN names the port. */
export async function startFunctionsHost(options: FunctionsHostOptions): Promise<FunctionsHostProcess> {
  const { root, appRoot = root, port = 0, messageLeaseSeconds = 600, functionKey } = options;
  const args = [
    ...['--root', appRoot, '--port', `${port}`, '--settings', 'none'],
    ...['--message-lease-seconds', `${messageLeaseSeconds}`],
    ...(functionKey === undefined ? [] : [`--function-key=${functionKey}`]),
  ];
  const started = await startStandIn('Functions host', 'functionsHost', options, args, options.env, (text) => ({
    url: text('url'),
  }));
  let pid: unknown;
  let announced = 0;
  const deaths: string[] = [];
  let hasExited = false;
  void started.exited.then(() => (hasExited = true));
  const look = (line: string) => {
    const event = parseObject(line);
    if (event?.['event'] === 'worker') pid = event['pid'];
    const { category, message } = event ?? {};
    if (category !== 'Host.Worker' || typeof message !== 'string' || !message.includes(' ended with ')) return;
    if (announced > 0) announced -= 1;
    else deaths.push(message);
  };
  started.lines().forEach(look);
  started.onLine(look);
  const workerPid = () => {
    if (typeof pid === 'number') return pid;
    throw new Error('The functions host has not started a worker process.');
  };
  return {
    ...started,
    workerPid,
    killWorker() {
      announced += 1;
      killProcess(workerPid());
    },
    workerDeaths: () => deaths,
    /** As when the machine fails: the worker ends with the host, and neither can act on the end of the other. */
    kill() {
      const exited = started.kill();
      if (!hasExited && pid !== undefined) killProcess(workerPid());
      return exited;
    },
    waitUntilIdle: (timeoutMs) => waitUntilIdle(started.url, functionKey, timeoutMs),
  };
}

/** Sends SIGKILL to a process that may have ended already. */
export function killProcess(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    // Not instanceof: an error of another realm, such as Jest's, has another class.
    if (typeof error !== 'object' || error === null || !('code' in error) || error.code !== 'ESRCH') throw error;
  }
}

async function startStandIn<T>(
  name: string,
  folder: string,
  { root, clockFile, file = join(root, 'dist', 'local', folder, 'main.mjs') }: StandInOptions,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  parseReady: (text: (field: string) => string) => T,
): Promise<Started<T>> {
  const { ready, ...running } = await startProcess({
    name,
    args: [file, ...args, '--stop-with-stdin'],
    env: onClock(root, clockFile, env),
    cwd: root,
    readyLine(line) {
      const event = parseObject(line);
      if (event?.['event'] !== 'ready') return undefined;
      return parseReady((field) => {
        const value = event[field];
        if (typeof value === 'string') return value;
        throw new Error(`The ready line has no text "${field}": rebuild with npm run build.`);
      });
    },
  });
  return { ...ready, ...running };
}

const POLL_MS = 20;

async function waitUntilIdle(url: string, functionKey = '', timeoutMs = 10_000): Promise<boolean> {
  const headers = { 'x-functions-key': functionKey };
  let running: unknown;
  for (let waited = 0; waited <= timeoutMs; waited += POLL_MS) {
    const answer = await fetch(`${url}/admin/host/status`, { headers });
    running = parseObject(await answer.text())?.['running'];
    if (running === 0) return waited === 0;
    await sleep(POLL_MS);
  }
  throw new Error(`The functions host at ${url} still ran ${String(running)} invocations after ${timeoutMs} ms.`);
}

/** The object in a JSON text. Undefined for any other text. */
export function parseObject(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}
