import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { explainFailedStart, ProcessStartError } from './processStartError';

/** How many lines of output are kept for a test or an error to look at. */
const KEPT_LINES = 10_000;

/** A drain of the functions host is bounded by 10 s; what is still there 5 s later hangs. */
const STOP_LIMIT_MS = 15_000;

const READY_LIMIT_MS = 30_000;

export interface ProcessOptions<T> {
  /** What errors call it. */
  readonly name: string;
  /** A script for this Node; or `command`, any program. */
  readonly file?: string;
  readonly command?: string;
  readonly args?: readonly string[];
  /** The whole environment: nothing is inherited. */
  readonly env: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Scripts that Node loads first (`--require`); only with `file`. */
  readonly preload?: readonly string[];
  /** Sees each line of standard output; what it returns first, other than undefined, makes the process ready. */
  readonly readyLine: (line: string) => T | undefined;
  /** Time to become ready, in milliseconds; 30,000 when absent. */
  readonly timeoutMs?: number;
  /** SIGTERM when absent. */
  readonly stopSignal?: NodeJS.Signals;
}

export interface ProcessExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface RunningProcess<T> {
  readonly pid: number;
  readonly ready: T;
  /** The last 10,000 lines of standard output, oldest first. */
  lines(): string[];
  /** The last 10,000 lines of standard error, oldest first. */
  errorLines(): string[];
  /** Calls back for each line of standard output from now on; the answer ends that. */
  onLine(callback: (line: string) => void): () => void;
  /** Asks it to end, and kills it when it has not after 15 s. Resolves when it is gone; may be called again. */
  stop(): Promise<ProcessExit>;
  /** SIGKILL. Resolves when it is gone. */
  kill(): Promise<ProcessExit>;
  readonly exited: Promise<ProcessExit>;
}

/**
 * Starts a program and waits until a line of its output says that it is ready. Its standard input is a pipe held open,
 * so that a program which watches it (`--stop-with-stdin`, stopWithStdin.cjs) ends even when this process is killed.
 * @throws ProcessStartError: it ended first (code EXITED_EARLY, or PORT_TAKEN), was not ready in time (NOT_READY), or
 * could not be started at all (NOT_STARTED). Nothing is left running then.
 */
export async function startProcess<T>(options: ProcessOptions<T>): Promise<RunningProcess<T>> {
  const { name, timeoutMs = READY_LIMIT_MS } = options;
  const child = spawnChild(options);
  const listeners = new Set<(line: string) => void>();
  const lines = keepLines(child.stdout, listeners);
  const errorLines = keepLines(child.stderr, new Set());
  const exited = new Promise<ProcessExit>((resolve) => {
    // `close` comes after the last line of output, `exit` may not.
    child.once('close', (code, signal) => resolve({ code, signal }));
  });

  const kill = (): Promise<ProcessExit> => {
    child.kill('SIGKILL');
    return exited;
  };

  const ready = await new Promise<T>((resolve, reject) => {
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      void kill();
    }, timeoutMs);
    const end = (settle: () => void): void => {
      clearTimeout(timer);
      listeners.delete(look);
      settle();
    };
    const look = (line: string): void => {
      const found = options.readyLine(line);
      if (found !== undefined) end(() => resolve(found));
    };
    listeners.add(look);
    child.once('error', (cause) =>
      end(() => reject(new ProcessStartError('NOT_STARTED', `${name} could not be started.`, [], { cause }))),
    );
    void exited.then((exit) => {
      const error = late
        ? new ProcessStartError('NOT_READY', `${name} was not ready after ${timeoutMs} ms.`, errorLines)
        : explainFailedStart(name, exit, lines, errorLines);
      end(() => reject(error));
    });
  });

  return {
    pid: child.pid ?? -1,
    ready,
    lines: () => [...lines],
    errorLines: () => [...errorLines],
    onLine(callback) {
      listeners.add(callback);
      return () => listeners.delete(callback);
    },
    async stop() {
      child.kill(options.stopSignal ?? 'SIGTERM');
      const timer = setTimeout(() => void kill(), STOP_LIMIT_MS);
      return exited.finally(() => clearTimeout(timer));
    },
    kill,
    exited,
  };
}

function spawnChild<T>({ name, file, command, args = [], preload = [], env, cwd }: ProcessOptions<T>) {
  const program = command ?? process.execPath;
  const script = file === undefined ? [] : [...preload.flatMap((path) => ['--require', path]), file];
  if (command === undefined && file === undefined)
    throw new Error(`${name}: give a file or a command to start.`);
  const child = spawn(program, [...script, ...args], {
    env: { ...env },
    ...(cwd === undefined ? {} : { cwd }),
    stdio: ['pipe', 'pipe', 'pipe'],
    // A group of its own: Ctrl-C in a terminal reaches this process only, which then stops the others in their order.
    detached: process.platform !== 'win32',
    windowsHide: true,
  });
  child.stdin.on('error', () => undefined);
  return child;
}

function keepLines(stream: Readable, listeners: Set<(line: string) => void>) {
  const kept: string[] = [];
  createInterface({ input: stream }).on('line', (line) => {
    if (kept.push(line) > KEPT_LINES) kept.shift();
    for (const listener of [...listeners]) listener(line);
  });
  return kept;
}
