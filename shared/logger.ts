export type LogFields = Record<string, string | number | boolean | undefined>;

/** One event a line: a constant name, ids and counts as fields; never a body, token, clientState or document name. */
export interface Logger {
  info(event: string, fields?: LogFields): void;
  warn(event: string, fields?: LogFields): void;
  error(event: string, fields?: LogFields): void;
}

/** Where lines go: the invocation context of a function, or the console of the CLI. */
export interface LogSink {
  info(line: string): void;
  warn(line: string): void;
  error(line: string): void;
}

/** Writes each event as one JSON line to `sink`. */
export function createLogger(sink: LogSink): Logger {
  const line = (event: string, fields: LogFields = {}) => JSON.stringify({ event, ...fields });
  return {
    info: (event, fields) => sink.info(line(event, fields)),
    warn: (event, fields) => sink.warn(line(event, fields)),
    error: (event, fields) => sink.error(line(event, fields)),
  };
}
