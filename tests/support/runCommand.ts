import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { baseEnvironment } from '../../local/processes';

const ROOT = join(__dirname, '..', '..');
/** A bound on a command that hangs. */
const LIMIT_MS = 45_000;

interface EndedCommand {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** Runs the built command as an operator does. Nothing of the environment of the tests reaches it, apart from PATH and the like. */
export async function runCommand(
  argv: readonly string[],
  { env, cwd = ROOT }: { env: Readonly<Record<string, string>>; cwd?: string },
): Promise<EndedCommand> {
  const child = spawn(process.execPath, [join(ROOT, 'cli', 'run.cjs'), ...argv], {
    env: { ...baseEnvironment(), ...env },
    cwd,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const limit = setTimeout(() => child.kill('SIGKILL'), LIMIT_MS);
  const said = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (said.stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said.stderr += text));
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  clearTimeout(limit);
  return { code, ...said };
}
