import { constants } from 'node:os';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** What of `process` is used; tests give their own. */
export interface SignalSource {
  on(signal: NodeJS.Signals, listener: (signal: NodeJS.Signals) => void): unknown;
  off(signal: NodeJS.Signals, listener: (signal: NodeJS.Signals) => void): unknown;
  exit(code: number): void;
}

/**
 * Stops on SIGINT, SIGTERM or SIGHUP, then exits with 128 + the signal's number (1 when stopping failed). A second signal
 * exits at once; children end then because the pipe to their standard input closes. The answer takes the listeners away.
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
