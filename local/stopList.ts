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

/** The part of `process` that is used here. */
export interface SignalSource {
  on(signal: NodeJS.Signals, listener: (signal: NodeJS.Signals) => void): unknown;
  off(signal: NodeJS.Signals, listener: (signal: NodeJS.Signals) => void): unknown;
  exit(code: number): void;
}

/**
 * Stops on SIGINT, SIGTERM or SIGHUP, then exits with 128 + the signal's number (1 if stopping failed). A second signal
 * exits at once, and children end because the pipe to their stdin closes. Returns a function that removes the listeners.
 */
export function stopOnSignals(
  running: { stop(): Promise<void> },
  source: SignalSource = process,
  report: (message: string) => void = (message) => console.error(message),
): () => void {
  let stopping = false;
  const listener = (signal: NodeJS.Signals): void => {
    const code = 128 + constants.signals[signal];
    if (stopping) {
      source.exit(code);
      return;
    }
    stopping = true;
    running.stop().then(
      () => source.exit(code),
      (error: unknown) => {
        report(error instanceof Error ? error.message : String(error));
        source.exit(1);
      },
    );
  };
  for (const signal of SIGNALS) source.on(signal, listener);
  return () => {
    for (const signal of SIGNALS) source.off(signal, listener);
  };
}
