import { join } from 'node:path';
import { clockPreload } from './clockPreload';
import { startProcess, type RunningProcess } from './processes';
import { readyEvent, readyText } from './readyEvent';
import { waitUntilIdle } from './waitUntilIdle';

export interface FunctionsHostOptions {
  /** The folder of this package: holds dist/ and local/. */
  readonly root: string;
  /** The folder that holds the app (package.json, host.json); `root` when absent. */
  readonly appRoot?: string;
  /** 0 = any free one, which is what an absent port means. */
  readonly port?: number;
  /** The whole environment of the app: its settings and what a program needs to run. */
  readonly env: Readonly<Record<string, string>>;
  /** A local.settings.json; none when absent, since `env` is the whole truth. */
  readonly settingsFile?: string;
  readonly messageLeaseSeconds?: number;
  readonly functionKey?: string;
  readonly clockFile?: string;
  /** Another program with the same ready line; the built host when absent. */
  readonly file?: string;
}

interface HostReady {
  readonly url: string;
  /** As the host lists them: name, type, route, methods, queueName, schedule. */
  readonly functions: readonly unknown[];
}

export interface FunctionsHostProcess extends Omit<RunningProcess<HostReady>, 'ready'>, HostReady {
  /**
   * Resolves when no invocation is under way, to true when none was at the first look; throws when that takes longer
   * than `timeoutMs` (10,000).
   */
  waitUntilIdle(timeoutMs?: number): Promise<boolean>;
}

/** Starts the built functions host on 127.0.0.1. Throws ProcessStartError; PORT_TAKEN names the port. */
export async function startFunctionsHost(options: FunctionsHostOptions): Promise<FunctionsHostProcess> {
  const { root, port = 0, settingsFile = 'none', messageLeaseSeconds, functionKey } = options;
  const clock = clockPreload(root, options.clockFile);
  const { ready, ...running } = await startProcess({
    name: 'Functions host',
    file: options.file ?? join(root, 'dist', 'local', 'functionsHost', 'main.mjs'),
    args: [
      ...['--root', options.appRoot ?? root, '--port', `${port}`, '--settings', settingsFile],
      ...(messageLeaseSeconds === undefined ? [] : ['--message-lease-seconds', `${messageLeaseSeconds}`]),
      ...(functionKey === undefined ? [] : ['--function-key', functionKey]),
      '--stop-with-stdin',
    ],
    preload: clock.preload,
    env: { ...options.env, ...clock.env },
    cwd: root,
    readyLine: readHostReady,
  });
  return {
    ...ready,
    ...running,
    waitUntilIdle: (timeoutMs) => waitUntilIdle({ url: ready.url, functionKey, timeoutMs }),
  };
}

function readHostReady(line: string): HostReady | undefined {
  const event = readyEvent(line);
  if (event === undefined) return undefined;
  const functions: unknown = event['functions'];
  return { url: readyText(event, 'url'), functions: Array.isArray(functions) ? functions : [] };
}
