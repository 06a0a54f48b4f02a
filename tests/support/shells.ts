import { spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { baseEnvironment } from '../../local/processes';

/** A bound on a command that hangs, under that of its test. */
const LIMIT_MS = 45_000;

export interface ShellRun {
  code: number | null;
  /** Standard output and error. */
  said: string;
}

/** PowerShell 7 on the PATH. Undefined where there is none. `.ci/run` installs it. */
export function findPowerShell(): string | undefined {
  const candidates = (process.env['PATH'] ?? '').split(delimiter).map((folder) => join(folder, 'pwsh'));
  return candidates.find((path) => {
    try {
      accessSync(path, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** Says what does not run without PowerShell. CI has it, so there its absence fails. */
export function expectNoPowerShell(what: string): void {
  process.stderr.write(`Not run in PowerShell 7, because there is no pwsh on the PATH: ${what}\n`);
  expect(process.env['CI']).toBeUndefined();
}

export interface ShellOptions {
  cwd: string;
  /** Nothing but this and what a program needs to run is inherited. */
  env: Readonly<Record<string, string>>;
}

/** Runs a text in bash. With `strict`, the first command that fails ends it. */
export function runBash(text: string, options: ShellOptions & { strict?: boolean }): Promise<ShellRun> {
  const prefix = options.strict === true ? 'set -euo pipefail; ' : '';
  return run('bash', ['--norc', '--noprofile', '-c', `exec 2>&1; ${prefix}${text}`], options);
}

/** Fails at the first command that fails, as bash does with `set -e`. */
const STRICT =
  "$ErrorActionPreference = 'Stop'; $PSNativeCommandUseErrorActionPreference = $true; Set-StrictMode -Version 3\n";

/**
 * Runs a text in PowerShell 7. The first command that fails ends it.
 *
 * @param home an empty folder for what PowerShell stores of its user
 */
export function runPowerShell(
  program: string,
  text: string,
  { home, ...options }: ShellOptions & { home: string },
): Promise<ShellRun> {
  const dotnet = process.env['DOTNET_ROOT'];
  const env = {
    ...options.env,
    ...(dotnet === undefined ? {} : { DOTNET_ROOT: dotnet }),
    HOME: home,
    NO_COLOR: '1',
    POWERSHELL_TELEMETRY_OPTOUT: '1',
    POWERSHELL_UPDATECHECK: 'Off',
  };
  return run(program, ['-NoProfile', '-NonInteractive', '-Command', `${STRICT}${text}`], { ...options, env });
}

async function run(program: string, argv: readonly string[], { cwd, env }: ShellOptions): Promise<ShellRun> {
  const child = spawn(program, argv, {
    cwd,
    env: { ...baseEnvironment(), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    // A group of its own, so that what the shell has started ends with it.
    detached: true,
  });
  const limit = setTimeout(() => process.kill(-(child.pid ?? 0), 'SIGKILL'), LIMIT_MS);
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (said += text));
  }
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  clearTimeout(limit);
  return { code, said };
}
