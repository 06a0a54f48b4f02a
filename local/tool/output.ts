export interface OutputStreams {
  stdout: (text: string) => void;
  stderr: (text: string) => void;
}

export type Output = ReturnType<typeof createOutput>;

/**
 * What the verbs write, by the rules of the other verbs: names come from outside, so each line and each JSON document shows
 * every control and format character escaped.
 */
export function createOutput({ stdout, stderr }: OutputStreams) {
  return {
    print: (...lines: string[]) => stdout(lines.map((line) => `${escapeControls(line)}\n`).join('')),
    json: (value: unknown) => stdout(`${toSafeJson(value, 2)}\n`),
    error: (problem: string) => stderr(`error: ${escapeControls(problem)}\n`),
    errorJson: (value: unknown) => stderr(`${toSafeJson(value)}\n`),
    /** Help and errors of Commander, which have their own line ends and quote arguments. */
    help: (text: string) => stdout(escapeLines(text)),
    usage: (text: string) => stderr(escapeLines(text)),
  };
}

const SHORT_ESCAPES: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** `text` on one line: controls, format characters (bidi among them), line separators and lone surrogates are escaped. */
function escapeControls(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/gu, (found) => SHORT_ESCAPES[found] ?? escapeUnits(found));
}

function escapeLines(text: string): string {
  return text.split('\n').map(escapeControls).join('\n');
}

/** JSON.stringify escapes only C0 controls and lone surrogates. JSON.parse reads the same value. */
function toSafeJson(value: unknown, indent?: number): string {
  return JSON.stringify(value, undefined, indent).replace(/(?!\n)[\p{Cc}\p{Cf}\u2028\u2029]/gu, escapeUnits);
}

/** One escape for each UTF-16 unit (RFC 8259, section 7). */
function escapeUnits(characters: string): string {
  const units = Array.from({ length: characters.length }, (_, index) => characters.charCodeAt(index));
  return units.map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`).join('');
}
