import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { baseEnvironment } from '../../local/processes';

const ROOT = join(__dirname, '..', '..');
/** Stands in for a browser and the person in front of it. See its file for SIGN_IN_AS and BROWSER_LOG. */
export const BROWSER = join(ROOT, 'tests', 'fixtures', 'browser.cjs');

/** A bound on a command that hangs, unless the options name another. */
const LIMIT_MS = 45_000;

interface EndedCommand {
  code: number | null;
  stdout: string;
  stderr: string;
}

export interface RunOptions {
  /** The settings. Without BROWSER, the stand-in is the browser. */
  env: Readonly<Record<string, string>>;
  cwd?: string;
  /** Sees what the command has written to stderr so far, with each new piece. */
  onStderr?: (said: string, child: ChildProcess) => void;
  limitMs?: number;
}

/**
 * Runs the built command as an operator does. Nothing of the environment of the tests reaches it, apart from PATH and the like.
 * Its progress lines are not returned: how many there are depends on how fast the machine is.
 */
export async function runCommand(
  argv: readonly string[],
  { env, cwd = ROOT, onStderr, limitMs = LIMIT_MS }: RunOptions,
): Promise<EndedCommand> {
  const child = spawn(process.execPath, [join(ROOT, 'cli', 'run.cjs'), ...argv], {
    env: { ...baseEnvironment(), BROWSER, ...env },
    cwd,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const limit = setTimeout(() => child.kill('SIGKILL'), limitMs);
  const said = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (said.stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said.stderr += text;
    onStderr?.(said.stderr, child);
  });
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  clearTimeout(limit);
  return { code, stdout: said.stdout, stderr: said.stderr.replace(/^Working for \d+ s.*\n/gm, '') };
}
