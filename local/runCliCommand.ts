import { execFile } from 'node:child_process';
import { join } from 'node:path';

/** Time for one command, process start included. */
const LIMIT_MS = 30_000;

/**
 * Runs one command of the CLI as a person would, in a process of its own, and gives the JSON document it prints.
 *
 * @param environment the whole environment, with the app's settings
 * @throws with what the command said on standard error
 */
export function runCliCommand(
  root: string,
  environment: Readonly<Record<string, string>>,
  args: readonly string[],
): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const file = join(root, 'cli', 'run.cjs');
    const options = { env: { ...environment }, cwd: root, timeout: LIMIT_MS };
    execFile(process.execPath, [file, ...args, '--json'], options, (error, stdout, stderr) => {
      if (error) reject(new Error(`The command ${args.join(' ')} failed: ${stderr.trim() || error.message}`));
      else resolve(JSON.parse(stdout));
    });
  });
}
