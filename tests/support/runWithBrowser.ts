import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { ROOT } from './startFlow';

/** Stands in for a browser and the person in front of it. See its file for SIGN_IN_AS and BROWSER_LOG. */
export const BROWSER = join(ROOT, 'tests', 'fixtures', 'browser.cjs');

export interface RanCommand {
  code: number | null;
  stdout: string;
  stderr: string;
}

export interface RunOptions {
  /** The whole environment. Without BROWSER, the stand-in is the browser. */
  env: Readonly<Record<string, string>>;
  cwd?: string;
  /** Sees what the command has written to stderr so far, with each new piece. */
  onStderr?: (said: string, child: ChildProcess) => void;
}

/** Runs the command line as a person does, in a process of its own, to its end. */
export async function runWithBrowser(argv: readonly string[], options: RunOptions): Promise<RanCommand> {
  const { env, cwd, onStderr } = options;
  const child = spawn(process.execPath, [join(ROOT, 'cli', 'run.cjs'), ...argv], {
    env: { BROWSER, ...env },
    cwd,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const said = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (said.stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said.stderr += text;
    onStderr?.(said.stderr, child);
  });
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, ...said };
}
