import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** One row of docs/troubleshooting.md. */
export interface Trouble {
  /** The first quoted text of its first cell, which names the row. */
  name: string;
  /** Every text that is printed, with `<…>` for what differs. */
  messages: string[];
}

/** The rows with a message of this program. The section about codes of Entra has none. */
export function readTroubles(root: string): Trouble[] {
  const page = readFileSync(join(root, 'docs', 'troubleshooting.md'), 'utf8');
  const [ours = ''] = page.split('\n## Codes of Entra');
  return ours
    .split('\n')
    .filter((line) => /^\| .*`/.test(line))
    .map((line) => {
      const [cell = ''] = line.slice(2).split(' | ');
      // What follows says where the message is read.
      const [quoted = ''] = cell.split(', in ');
      const messages = [...quoted.matchAll(/`([^`]+)`/g)].map(([, text = '']) => text);
      return { name: messages[0] ?? '', messages };
    });
}

/** The messages that the output does not have. */
export function missingIn(output: string, { messages }: Trouble): string[] {
  return messages.filter((message) => {
    const pattern = message
      .split(/<[^>]+>/)
      .map((piece) => piece.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
      .join('[^\\n]+?');
    return !new RegExp(pattern).test(output);
  });
}
