import type { LogLevel } from './worker/coreTypes';

/** One line of a function's or the host's log. `time` is ISO 8601. */
export interface LogEntry {
  readonly level: LogLevel;
  readonly category: string;
  readonly function?: string;
  readonly invocationId?: string;
  readonly message: string;
}

export interface InvocationEnd {
  readonly function: string;
  readonly invocationId: string;
  readonly ok: boolean;
  readonly durationMs: number;
  readonly dequeueCount?: number;
}

/** Where everything the host has to say goes: one JSON object a line. */
export interface Reporter {
  log(entry: LogEntry): void;
  invocation(end: InvocationEnd): void;
  event(name: string, fields?: Readonly<Record<string, unknown>>): void;
}

interface ReporterDependencies {
  readonly write: (line: string) => void;
  readonly now: () => Date;
  /** Whether host.json lets a line of this level and category through. */
  readonly allows: (level: LogLevel, category: string) => boolean;
}

/** Writes events as JSON lines; log lines below the level that host.json sets for their category are dropped. */
export function createReporter({ write, now, allows }: ReporterDependencies): Reporter {
  const event = (name: string, fields: Readonly<Record<string, unknown>> = {}) =>
    write(`${JSON.stringify({ event: name, ...fields })}\n`);
  return {
    event,
    invocation: (end) => event('invocation', { ...end }),
    log({ level, category, ...rest }) {
      if (allows(level, category)) event('log', { time: now().toISOString(), level, category, ...rest });
    },
  };
}
