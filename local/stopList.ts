import { constants } from 'node:os';

export interface StopList {
  /**
   * Adds the way to stop something that has just started. If stopping has begun, stops it at once and throws, so that
   * the start in progress ends too.
   */
  add(stop: () => Promise<unknown>): Promise<void>;
  /** Stops all, the last added first, even if one fails. Then throws one AggregateError. May be called again. */
  stop(): Promise<void>;
}

/** Remembers what was started and stops it in reverse order. */
export function createStopList(): StopList {
  const stops: (() => Promise<unknown>)[] = [];
  let stopping: Promise<void> | undefined;

  async function stopAll(): Promise<void> {
    const errors: unknown[] = [];
    for (const stop of stops.reverse()) await stop().catch((error: unknown) => errors.push(error));
    if (errors.length > 0) throw new AggregateError(errors, 'Not everything could be stopped.');
  }

  return {
    async add(stop) {
      if (stopping === undefined) {
        stops.push(stop);
        return;
      }
      await stop();
      throw new Error('Stopped while starting.');
    },
    stop: () => (stopping ??= stopAll()),
  };
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * A signal within this time of the first is the same one: a terminal sends Ctrl-C to npm and to this process, and npm passes
 * it on.
 */
const SAME_SIGNAL_MS = 500;
const PARENT_POLL_MS = 250;

/** The part of `process` that is used here. */
export interface SignalSource {
  on(signal: NodeJS.Signals, listener: (signal: NodeJS.Signals) => void): unknown;
  off(signal: NodeJS.Signals, listener: (signal: NodeJS.Signals) => void): unknown;
  exit(code: number): void;
  /** The process that started this one, now. */
  readonly ppid: number;
  readonly env: Readonly<Record<string, string | undefined>>;
}

interface StopOptions {
  source?: SignalSource;
  say?: (message: string) => void;
  report?: (message: string) => void;
  /** Milliseconds of any clock. */
  now?: () => number;
}

export interface Interruption {
  /** Aborted when stopping begins. */
  readonly signal: AbortSignal;
  /** Ends the watch over signals. */
  ignore(): void;
}

/**
 * Stops on SIGINT, SIGTERM or SIGHUP, says so, and exits with 128 + the signal's number (1 if stopping failed). It does the
 * same, as for SIGHUP, when npm has started this process and is gone. A second signal exits at once, and children end
 * because the pipe to their stdin closes.
 */
export function stopOnSignals(running: { stop(): Promise<void> }, options: StopOptions = {}): Interruption {
  const { source = process, now = () => performance.now() } = options;
  const { say = (message) => console.log(message), report = (message) => console.error(message) } = options;
  const interrupted = new AbortController();
  let firstAt: number | undefined;
  const listener = (signal: NodeJS.Signals): void => {
    const code = 128 + constants.signals[signal];
    if (firstAt !== undefined) {
      if (now() - firstAt > SAME_SIGNAL_MS) source.exit(code);
      return;
    }
    firstAt = now();
    interrupted.abort();
    running.stop().then(
      () => {
        say('Stopped.');
        source.exit(code);
      },
      (error: unknown) => {
        report(error instanceof Error ? error.message : String(error));
        source.exit(1);
      },
    );
  };
  for (const signal of SIGNALS) source.on(signal, listener);
  const { ppid: parent, env } = source;
  // A killed npm passes no signal on. Without npm, a parent may end before its child, as with nohup.
  const watch = env['npm_lifecycle_event'] === undefined ? undefined : setInterval(checkParent, PARENT_POLL_MS).unref();
  function checkParent(): void {
    if (source.ppid === parent) return;
    clearInterval(watch);
    listener('SIGHUP');
  }
  return {
    signal: interrupted.signal,
    ignore: () => {
      clearInterval(watch);
      for (const signal of SIGNALS) source.off(signal, listener);
    },
  };
}
