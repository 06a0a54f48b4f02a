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
  const line = (event: string, fields: LogFields = {}) => toSafeJson({ event, ...fields });
  return {
    info: (event, fields) => sink.info(line(event, fields)),
    warn: (event, fields) => sink.warn(line(event, fields)),
    error: (event, fields) => sink.error(line(event, fields)),
  };
}

/**
 * JSON that a terminal shows as it is. JSON.stringify escapes only C0 controls and lone surrogates. Here C1 controls, DEL,
 * format characters (bidi among them) and line separators are escaped too, which JSON.parse reads as the same value.
 *
 * @param indent spaces for each level. Without it, the document is one line
 */
export function toSafeJson(value: unknown, indent?: number): string {
  return JSON.stringify(value, undefined, indent).replace(/(?!\n)[\p{Cc}\p{Cf}\u2028\u2029]/gu, escapeUnits);
}

/** `characters` as JSON escapes, one for each UTF-16 unit. */
export function escapeUnits(characters: string): string {
  const units = Array.from({ length: characters.length }, (_, index) => characters.charCodeAt(index));
  return units.map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`).join('');
}
