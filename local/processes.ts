import { execFile, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';

/** Variables that a program needs to run. Other settings in the caller's shell must not reach a local cloud. */
const BASE_VARIABLES = ['PATH', 'HOME', 'TMPDIR', 'TEMP', 'TMP', 'SystemRoot', 'USERPROFILE', 'LANG'];
/** How many lines of output are kept for tests and errors. */
const KEPT_LINES = 10_000;
/** How many of them an error shows. */
const SHOWN_LINES = 10;
/** The functions host drains for at most 10 s, and its worker ends within 5 s. After 20 s a program hangs. */
const STOP_LIMIT_MS = 20_000;
const READY_LIMIT_MS = 30_000;
const CLI_LIMIT_MS = 30_000;

/** The part of this process's environment that every child receives. */
export function baseEnvironment(): Record<string, string> {
  return Object.fromEntries(
    BASE_VARIABLES.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])),
  );
}

/** A program that did not become ready. The message ends with the last lines of its output. */
export class ProcessStartError extends Error {
  override readonly name = 'ProcessStartError';

  constructor(
    readonly code: 'EXITED_EARLY' | 'NOT_READY' | 'NOT_STARTED' | 'PORT_TAKEN',
    message: string,
    lastLines: readonly string[] = [],
    options?: ErrorOptions,
  ) {
    super([message, ...lastLines.slice(-SHOWN_LINES).map((line) => `  ${line}`)].join('\n'), options);
  }
}

export interface ProcessOptions<T> {
  /** The name for errors. */
  readonly name: string;
  /** The program (default: this Node). */
  readonly command?: string;
  readonly args: readonly string[];
  /** The whole environment. Nothing is inherited. */
  readonly env: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Receives each line of standard output. Its first result other than undefined makes the process ready. */
  readonly readyLine: (line: string) => T | undefined;
  /** Time to become ready, in milliseconds (default 30,000). */
  readonly timeoutMs?: number;
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
  /** Calls back for each later line of standard output. Returns a function that ends this. */
  onLine(callback: (line: string) => void): () => void;
  /** Sends SIGTERM, and SIGKILL after 20 s. Resolves when the process is gone. May be called again. */
  stop(): Promise<ProcessExit>;
  /** Sends SIGKILL. Resolves when the process is gone. */
  kill(): Promise<ProcessExit>;
  readonly exited: Promise<ProcessExit>;
}

/**
 * Starts a program and waits until a line of its output says that it is ready. Its standard input is an open pipe, so
 * that a program that watches it (`--stop-with-stdin`, stopWithStdin.cjs) ends even if this process is killed.
 * @throws ProcessStartError: it ended first (EXITED_EARLY, PORT_TAKEN), was not ready in time (NOT_READY), or could not
 * be started (NOT_STARTED). Then nothing is left running.
 */
export async function startProcess<T>(options: ProcessOptions<T>): Promise<RunningProcess<T>> {
  const { name, command = process.execPath, args, env, cwd, timeoutMs = READY_LIMIT_MS } = options;
  const child = spawn(command, args, {
    ...{ env: { ...env }, cwd, windowsHide: true },
    stdio: ['pipe', 'pipe', 'pipe'],
    // In a group of its own: Ctrl-C reaches only this process, which then stops the others in order.
    detached: process.platform !== 'win32',
  });
  child.stdin.on('error', () => undefined);
  const listeners = new Set<(line: string) => void>();
  const lines = keepLines(child.stdout, listeners);
  const errorLines = keepLines(child.stderr, new Set());
  const exited = new Promise<ProcessExit>((resolve) => {
    // `close` follows the last line of output, `exit` may precede it.
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
    const end = (complete: () => void): void => {
      clearTimeout(timer);
      listeners.delete(look);
      complete();
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
        : explainEarlyExit(name, exit, lines, errorLines);
      end(() => reject(error));
    });
  });

  return {
    pid: child.pid ?? -1,
    ready,
    lines: () => [...lines],
    onLine(callback) {
      listeners.add(callback);
      return () => listeners.delete(callback);
    },
    async stop() {
      child.kill('SIGTERM');
      const timer = setTimeout(() => void kill(), STOP_LIMIT_MS);
      return exited.finally(() => clearTimeout(timer));
    },
    kill,
    exited,
  };
}

/** A taken port is found in the output. */
function explainEarlyExit(
  name: string,
  exit: ProcessExit,
  lines: readonly string[],
  errorLines: readonly string[],
): ProcessStartError {
  const taken = [...errorLines, ...lines].find((line) => /EADDRINUSE|already in use|port \d+ is taken/i.test(line));
  if (taken !== undefined) {
    const number = /:(\d{2,5})\b/.exec(taken)?.[1] ?? /\bport (\d{2,5})\b/i.exec(taken)?.[1];
    const port = number === undefined ? 'its port' : `port ${number}`;
    const message = `${name} could not start: ${port} is already in use. Stop the program that uses it, or start with another port.`;
    return new ProcessStartError('PORT_TAKEN', message, [taken]);
  }
  const how = exit.signal === null ? `code ${exit.code}` : `signal ${exit.signal}`;
  const last = errorLines.length > 0 ? errorLines : lines;
  return new ProcessStartError('EXITED_EARLY', `${name} ended with ${how} before it was ready.`, last);
}

function keepLines(stream: Readable, listeners: Set<(line: string) => void>): string[] {
  const kept: string[] = [];
  createInterface({ input: stream }).on('line', (line) => {
    if (kept.push(line) > KEPT_LINES) kept.shift();
    for (const listener of [...listeners]) listener(line);
  });
  return kept;
}

/**
 * Runs one command of the CLI in its own process and returns the JSON document that it prints. `environment` is the
 * whole environment, with the app's settings. `signal` ends it.
 * @throws with the standard error of the command
 */
export function runCliCommand(
  root: string,
  environment: Readonly<Record<string, string>>,
  args: readonly string[],
  signal?: AbortSignal,
): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const command = [join(root, 'cli', 'run.cjs'), ...args, '--json'];
    const options = { env: { ...environment }, cwd: root, timeout: CLI_LIMIT_MS, ...(signal && { signal }) };
    execFile(process.execPath, command, options, (error, stdout, stderr) => {
      if (error) reject(new Error(`The command ${args.join(' ')} failed: ${stderr.trim() || error.message}`));
      else resolve(JSON.parse(stdout));
    });
  });
}
