import { escapeUnits, toSafeJson } from '../shared/logger';
import { paint, type Screen } from './screen';
import { blockLines, fitColumns, tableLines } from './tables';

/** Where a terminal writes and asks. */
export interface TerminalStreams {
  /** Data only. */
  stdout: (text: string) => void;
  /** Progress, questions, warnings and errors. */
  stderr: (text: string) => void;
  /** Asks a yes-or-no question. Undefined when there is no terminal to answer it. */
  confirm: (question: string) => Promise<boolean | undefined>;
  /** The screens that the outputs are connected to. Absent for a pipe or a file. */
  screens?: { stdout?: Screen | undefined; stderr?: Screen | undefined };
}

/**
 * The only way to stdout and stderr. Names of printers, tenants and jobs come from other people, and a terminal obeys the
 * control characters in them. Callers hand over lines, never text with line ends of their own, so that a line end in a name
 * is escaped like every other control character.
 */
export interface Terminal {
  /** Data on stdout, as are `content`, `table`, `fields` and `json`. */
  print(...lines: string[]): void;
  /** Lines of other people, such as a rules file. They are no hints, so a command that they name stays as it is. */
  content(...lines: string[]): void;
  /**
   * Rows under upper-case headings, columns aligned, two spaces between them. On a screen, texts are shortened until a row
   * fits. Where it still does not, each row is a block of `field value` lines, so that ids can be copied. Whole elsewhere.
   */
  table(headings: readonly string[], rows: readonly (readonly string[])[]): void;
  /** All fields of `value`, one a line. */
  fields(value: object): void;
  /** A document as the only output. */
  json(value: unknown): void;
  /** An error as a document of one line on stderr. */
  errorJson(document: object): void;
  /** Progress and hints on stderr. */
  note(...lines: string[]): void;
  /**
   * One line on stderr about the work in progress, until anything else is written or the line is undefined. On a screen it is
   * written over the one before. Elsewhere only some of these lines are written: the first, then after twice the time.
   */
  status(line: string | undefined): void;
  /** A warning on stderr. The lines after the first belong to it. */
  warn(...lines: string[]): void;
  /** An error on stderr. The lines after the first belong to it. */
  error(...lines: string[]): void;
  /** As `TerminalStreams.confirm`. */
  confirm(question: string): Promise<boolean | undefined>;
}

export interface TerminalOptions {
  /** Changes the texts of this program before they are written, see hints.ts. */
  toHint?: (line: string) => string;
  /** Takes the lines of each error in place of stderr. */
  onError?: (lines: readonly string[]) => void;
}

/** A terminal over `io`, which shows every control and format character escaped. */
export function createTerminal(streams: TerminalStreams, options: TerminalOptions = {}): Terminal {
  const { onError, toHint = (line) => line } = options;
  const status = createStatusLine(streams);
  const io: TerminalStreams = {
    ...streams,
    stdout: (text) => {
      status.clear();
      streams.stdout(text);
    },
    stderr: (text) => {
      status.clear();
      streams.stderr(text);
    },
  };
  const write = (to: (text: string) => void, lines: readonly string[]) =>
    to(lines.map((line) => `${escapeControls(line)}\n`).join(''));
  const writeMarked = (color: 'red' | 'yellow', word: string, [first = '', ...more]: readonly string[]) => {
    io.stderr(`${styleError(color, word)} ${escapeControls(toHint(first))}\n`);
    if (more.length > 0) write(io.stderr, more.map(toHint));
  };
  const { stdout: screen, stderr: errorScreen } = io.screens ?? {};
  const style = paint(screen);
  const styleError = paint(errorScreen);
  const table: Terminal['table'] = (headings, rows) => {
    const shown = rows.map((row) => row.map(escapeControls));
    const fitting = screen ? fitColumns(headings, shown, screen.columns) : shown;
    io.stdout((fitting ? tableLines(headings, fitting, style) : blockLines(headings, shown, style)).join(''));
  };
  return {
    print: (...lines) => write(io.stdout, lines.map(toHint)),
    content: (...lines) => write(io.stdout, lines),
    table,
    fields: (value) => {
      const rows = Object.entries(value).map(([field, content]) => [field, escapeControls(String(content))]);
      io.stdout(tableLines(['field', 'value'], rows, style).join(''));
    },
    json: (value) => io.stdout(`${toSafeJson(value, 2)}\n`),
    errorJson: (document) => io.stderr(`${toSafeJson(document)}\n`),
    note: (...lines) => write(io.stderr, lines.map(toHint)),
    status: status.show,
    warn: (first = '', ...more) => writeMarked('yellow', 'warning:', [first, ...more]),
    error: (first = '', ...more) => {
      if (onError) onError([first, ...more]);
      else writeMarked('red', 'error:', [first, ...more]);
    },
    confirm: (question) => io.confirm(escapeControls(question)),
  };
}

/** How a screen clears the current line (ECMA-48: CR, and EL to the end of the line). */
const CLEAR_LINE = '\r\u001b[K';

function createStatusLine({ stderr, screens }: TerminalStreams) {
  let isShown = false;
  let calls = 0;
  const clear = () => {
    if (!isShown) return;
    isShown = false;
    stderr(CLEAR_LINE);
  };
  return {
    clear,
    show: (line: string | undefined): void => {
      const screen = screens?.stderr;
      if (line === undefined) return clear();
      calls += 1;
      if (screen) {
        stderr(`${isShown ? CLEAR_LINE : ''}${escapeControls(line).slice(0, screen.columns - 1)}`);
        isShown = true;
      } else if (Number.isInteger(Math.log2(calls))) stderr(`${escapeControls(line)}\n`);
    },
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
