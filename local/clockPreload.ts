import { join } from 'node:path';

/** How a program is put on the clock file at `clockFile`: what to preload and what to add to its environment. */
export function clockPreload(
  root: string,
  clockFile: string | undefined,
): { preload: string[]; env: Record<string, string> } {
  if (clockFile === undefined) return { preload: [], env: {} };
  return { preload: [join(root, 'local', 'clock.cjs')], env: { CLOCK_FILE: clockFile } };
}
