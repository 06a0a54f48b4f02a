import { join } from 'node:path';

/** How a program is put on the clock file at `clockFile`: what to preload and what to add to its environment. */
export function clockPreload(
  root: string,
  clockFile: string | undefined,
): { preload: string[]; env: Record<string, string> } {
  if (clockFile === undefined) return { preload: [], env: {} };
  return { preload: [join(root, 'local', 'clock.cjs')], env: { CLOCK_FILE: clockFile } };
}

/** The same for a program that someone else starts: Node reads the preload from its environment. */
export function clockEnvironment(root: string, clockFile: string): Record<string, string> {
  return {
    CLOCK_FILE: clockFile,
    NODE_OPTIONS: `--require ${JSON.stringify(join(root, 'local', 'clock.cjs'))}`,
  };
}
