import { escapeUnits, toSafeJson } from '../shared/logger';

/** Where a terminal writes and asks. */
export interface TerminalStreams {
  /** Data only. */
  stdout: (text: string) => void;
  /** Progress, questions, warnings and errors. */
  stderr: (text: string) => void;
  /** Asks a yes-or-no question. Undefined when there is no terminal to answer it. */
  confirm: (question: string) => Promise<boolean | undefined>;
}

/**
 * The only way to stdout and stderr. Names of printers, tenants and jobs come from other people, and a terminal obeys the
 * control characters in them. Callers hand over lines, never text with line ends of their own, so that a line end in a name
 * is escaped like every other control character.
 */
export interface Terminal {
  /** Data on stdout, as are `table`, `fields` and `json`. */
  print(...lines: string[]): void;
  /** Rows under upper-case headings, columns aligned, two spaces between them. */
  table(headings: readonly string[], rows: readonly (readonly string[])[]): void;
  /** All fields of `value`, one a line. */
  fields(value: object): void;
  /** A document as the only output. */
  json(value: unknown): void;
  /** An error as a document of one line on stderr. */
  errorJson(document: object): void;
  /** Progress and hints on stderr. */
  note(...lines: string[]): void;
  /** A warning on stderr. The lines after the first belong to it. */
  warn(...lines: string[]): void;
  /** An error on stderr. The lines after the first belong to it. */
  error(...lines: string[]): void;
  /** As `TerminalStreams.confirm`. */
  confirm(question: string): Promise<boolean | undefined>;
}

export interface TerminalOptions {
  /** Takes the lines of each error in place of stderr. */
  onError?: (lines: readonly string[]) => void;
}

/** A terminal over `io`, which shows every control and format character escaped. */
export function createTerminal(io: TerminalStreams, { onError }: TerminalOptions = {}): Terminal {
  const write = (to: (text: string) => void, lines: readonly string[]) =>
    to(lines.map((line) => `${escapeControls(line)}\n`).join(''));
  const table: Terminal['table'] = (headings, rows) => write(io.stdout, tableLines(headings, rows));
  return {
    print: (...lines) => write(io.stdout, lines),
    table,
    fields: (value) =>
      table(
        ['field', 'value'],
        Object.entries(value).map(([field, content]) => [field, String(content)]),
      ),
    json: (value) => io.stdout(`${toSafeJson(value, 2)}\n`),
    errorJson: (document) => io.stderr(`${toSafeJson(document)}\n`),
    note: (...lines) => write(io.stderr, lines),
    warn: (first = '', ...more) => write(io.stderr, [`warning: ${first}`, ...more]),
    error: (first = '', ...more) => {
      if (onError) onError([first, ...more]);
      else write(io.stderr, [`error: ${first}`, ...more]);
    },
    confirm: (question) => io.confirm(escapeControls(question)),
  };
}

const SHORT_ESCAPES = new Map([
  ['\n', '\\n'],
  ['\r', '\\r'],
  ['\t', '\\t'],
]);

/** `text` on one line: controls, format characters (bidi among them), line separators and lone surrogates are escaped. */
export function escapeControls(text: string): string {
  return text.replace(
    /[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/gu,
    (character) => SHORT_ESCAPES.get(character) ?? escapeUnits(character),
  );
}

/** The width of a column counts characters as they are shown. */
function tableLines(headings: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const shown = [headings.map((heading) => heading.toUpperCase()), ...rows.map((row) => row.map(escapeControls))];
  const widths = headings.map((_, column) => Math.max(...shown.map((row) => (row[column] ?? '').length)));
  return shown.map((row) =>
    widths
      .map((width, column) => (row[column] ?? '').padEnd(width))
      .join('  ')
      .trimEnd(),
  );
}
