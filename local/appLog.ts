import { parseObject } from './standIns';

/** An event in the log of the app. `at` is in epoch milliseconds. */
export interface AppLogLine {
  readonly at: number;
  readonly level: string;
  readonly event: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** The app's log event in a line of the host's output. Undefined for every other line. */
export function readAppLogLine(line: string): AppLogLine | undefined {
  const outer = parseObject(line);
  if (outer?.['event'] !== 'log' || typeof outer['message'] !== 'string') return undefined;
  const { event, ...fields } = parseObject(outer['message']) ?? {};
  return typeof event === 'string'
    ? { at: Date.parse(String(outer['time'])), level: String(outer['level']), event, fields }
    : undefined;
}

/** The event on one line, for a terminal. */
export function describeLogLine({ at, event, fields }: AppLogLine): string {
  const facts = Object.entries(fields).map(([name, value]) => `${name}=${String(value)}`);
  return escapeControls(`${new Date(at).toISOString()}  ${event}  ${facts.join(' ')}`);
}

/** The text with its control and format characters escaped, which a terminal obeys. */
export function escapeControls(text: string): string {
  return text.replace(
    /[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/gu,
    (character) => `\\u{${character.codePointAt(0)?.toString(16) ?? ''}}`,
  );
}
