/** Writes a document as the only thing on stdout. */
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

/** The end of a verb's help: how it is called. */
export function example(...commands: string[]): string {
  const lines = commands.map((command) => `  npm run -s cli -- ${command}`);
  return `\nExample${commands.length > 1 ? 's' : ''}:\n${lines.join('\n')}`;
}

/** What `--json` means, in the same words everywhere. */
export const JSON_HELP = 'print one JSON document and nothing else';
