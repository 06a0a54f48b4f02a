/** One thing that a page tells its reader to do. */
export type DocumentStep =
  /** A `$ ` line of a ```console block, and what the page shows below it. */
  | { kind: 'command'; line: number; command: string; output: string }
  /** A ```dotenv block: settings that the app and the command line have from here on. */
  | { kind: 'settings'; line: number; values: Record<string, string> };

/** The steps of a Markdown page in order; `line` counts from 1. */
export function readDocumentSteps(markdown: string): DocumentStep[] {
  const steps: DocumentStep[] = [];
  let fence: string | undefined;
  for (const [index, text] of markdown.split('\n').entries()) {
    const line = index + 1;
    const last = steps.at(-1);
    if (text.startsWith('```')) {
      fence = fence === undefined ? text.slice(3) : undefined;
      if (fence === 'dotenv') steps.push({ kind: 'settings', line, values: {} });
    } else if (fence === 'dotenv' && last?.kind === 'settings') {
      const [, name = '', value = ''] = /^(\w+)=(.*)$/.exec(text) ?? [];
      last.values[name] = value;
    } else if (fence === 'console') {
      if (text.startsWith('$ ')) steps.push({ kind: 'command', line, command: text.slice(2), output: '' });
      else if (last?.kind === 'command') last.output += `${text}\n`;
    }
  }
  return steps;
}
