import { userInfo } from 'node:os';
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline/promises';
import { fileURLToPath } from 'node:url';
import { systemClock } from '../shared/clock';
import { createServices } from '../shared/services';
import { version } from '../shared/version';
import type { Environment } from './context';
import { calledAs } from './hints';
import { probe } from './probe';
import { withReachChecks } from './reach';
import { runCli } from './runCli';
import { screenOf } from './screen';
import { listenToSignals } from './signals';

const signals = listenToSignals({
  source: process,
  now: () => systemClock.now(),
  exit: (code) => process.exit(code),
  report: (line) => process.stderr.write(`${line}\n`),
});

// The reader of the output has enough, as in `jobs list | head -1`.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  process.stderr.write(`error: The output cannot be written (${error.code ?? error.name}). Check where it goes.\n`);
  process.exit(1);
});
// Nowhere is left to report it.
process.stderr.on('error', () => undefined);

/** Output to a pipe is written by then. */
const LOOKUP_GRACE_MS = 200;

// process.exit() would drop output that is still on its way to a pipe.
const exitCode = await runCli(process.argv.slice(2), {
  stdout: (text) => process.stdout.write(text),
  stderr: (text) => process.stderr.write(text),
  screens: { stdout: screenOf(process.stdout, process.env), stderr: screenOf(process.stderr, process.env) },
  env: process.env,
  version,
  calledAs: calledAs(process.argv[1], process.env),
  every,
  directory: process.cwd(),
  confirm,
  now: () => systemClock.now(),
  sleep: (ms, signal) => systemClock.sleep(ms, signal),
  interruption: signals.interruption,
  userName: () => userInfo().username,
  runLocalTool,
  signIn: async (...request) => (await import('./signIn')).createSignIn()(...request),
  openBrowser: async (...request) => (await import('./openBrowser')).openBrowser(...request),
  fetch,
  openStorage: async (config) => (await import('./doctor/openStorage')).openStorage(config),
  createServices: (env) => withReachChecks(createServices(env), env, probe),
});
process.exitCode = signals.exitCode() ?? exitCode;

// A name that is still being looked up would keep the process for as long as the DNS server takes.
if (process.exitCode !== 0) setTimeout(() => process.exit(), LOOKUP_GRACE_MS).unref();

function runLocalTool(argv: readonly string[], env: Environment): Promise<number> {
  const program = fileURLToPath(new URL('../local/tool.mjs', import.meta.url));
  const child = spawn(process.execPath, [program, ...argv], { stdio: 'inherit', env: { ...env } });
  return new Promise((resolve, reject) => {
    child.once('error', reject).once('exit', (code) => resolve(code ?? 1));
  });
}

function every(ms: number, run: () => void): () => void {
  const timer = setInterval(run, ms).unref();
  return () => clearInterval(timer);
}

async function confirm(question: string): Promise<boolean | undefined> {
  if (!process.stdin.isTTY) return undefined;
  const prompt = createInterface({ input: process.stdin, output: process.stderr });
  // While it asks, it reads Ctrl-C as a key. Ctrl-D closes it without an answer.
  prompt.on('SIGINT', () => process.kill(process.pid, 'SIGINT'));
  const closed = new Promise<string>((resolve) => prompt.once('close', () => resolve('')));
  try {
    return /^y(es)?$/i.test((await Promise.race([prompt.question(`${question} [y/N] `), closed])).trim());
  } finally {
    prompt.close();
  }
}
