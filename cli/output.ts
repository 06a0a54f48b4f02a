import type { CliIo } from './context';

/** The meaning of `--json`, in the same words for every verb. */
export const JSON_HELP = 'print one JSON document and nothing else';

/** The option that most verbs have. */
export interface JsonOption {
  json?: true;
}

/** Writes a document as the only output on stdout. */
export function writeJson(stdout: (text: string) => void, value: unknown): void {
  stdout(`${JSON.stringify(value, undefined, 2)}\n`);
}

/** Rows under upper-case headings, columns aligned, two spaces between them. */
export function formatTable(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = headings.map((heading, column) =>
    Math.max(heading.length, ...rows.map((row) => (row[column] ?? '').length)),
  );
  const line = (cells: readonly string[]) =>
    widths
      .map((width, column) => (cells[column] ?? '').padEnd(width))
      .join('  ')
      .trimEnd();
  return `${[headings.map((heading) => heading.toUpperCase()), ...rows].map(line).join('\n')}\n`;
}

/** All fields of `value`, one a line. */
export function formatFields(value: object): string {
  const rows = Object.entries(value).map(([field, content]) => [field, String(content)]);
  return formatTable(['field', 'value'], rows);
}

/** "1 watch", "2 watches": `count` with the noun in singular or plural. */
export function plural(count: number, singular: string, plural = `${singular}s`): string {
  return `${count} ${count === 1 ? singular : plural}`;
}

/** The end of a verb's help: how to call it. */
export function example(...commands: string[]): string {
  const lines = commands.map((command) => `  npm run -s cli -- ${command}`);
  return `\nExample${commands.length > 1 ? 's' : ''}:\n${lines.join('\n')}`;
}

/** Reports progress of long work on stderr: one line after every `step` items. Short work reports nothing. */
export function reportProgress(
  { stderr }: Pick<CliIo, 'stderr'>,
  step: number,
  describe: (done: number) => string,
): (done: number) => void {
  return (done) => {
    if (done % step === 0) stderr(`${describe(done)}\n`);
  };
}

/** Prints an error that does not end the command, such as a row that cannot be read. */
export function warn({ stderr }: Pick<CliIo, 'stderr'>): (error: Error) => void {
  return (error) => stderr(`warning: ${error.message}\n`);
}
