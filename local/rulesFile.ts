import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Gives `work` a file with these rules, for `rules push`, and removes it afterwards. */
export async function withRulesFile(text: string, work: (path: string) => Promise<unknown>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'print-rules-'));
  try {
    const path = join(folder, 'rules.json');
    await writeFile(path, text);
    await work(path);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
