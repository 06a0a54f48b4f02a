import { constants } from 'node:os';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** For Ctrl-C, npm and run.cjs each pass the signal on to a process that the terminal has signaled already. */
const SAME_SIGNAL_MS = 300;

/** What a signal ends. */
export interface SignalDeps {
  /** The part of `process` that is used here. */
  source: { on(signal: NodeJS.Signals, listener: (signal: NodeJS.Signals) => void): unknown };
  /** Milliseconds since 1970. */
  now: () => number;
  exit: (code: number) => void;
  report: (line: string) => void;
}

export interface Signals {
  /** Aborted by the first signal. From this call on, the verb ends at its next safe point, and not the signal the process. */
  interruption: () => AbortSignal;
  /** 128 plus the number of the signal that came, as shells report it (130 for Ctrl-C). Undefined before one came. */
  exitCode: () => number | undefined;
}

/** Ends the command at SIGINT, SIGTERM or SIGHUP: quietly, at a safe point where the verb has one. A second one ends it at once. */
export function listenToSignals({ source, now, exit, report }: SignalDeps): Signals {
  const interrupted = new AbortController();
  let verbStops = false;
  let first: { code: number; at: number } | undefined;
  const listener = (signal: NodeJS.Signals): void => {
    const code = 128 + constants.signals[signal];
    if (first) {
      if (now() - first.at >= SAME_SIGNAL_MS) exit(code);
      return;
    }
    first = { code, at: now() };
    interrupted.abort();
    if (verbStops) return;
    report('Stopped.');
    exit(code);
  };
  for (const signal of SIGNALS) source.on(signal, listener);
  return {
    interruption: () => {
      verbStops = true;
      return interrupted.signal;
    },
    exitCode: () => first?.code,
  };
}
