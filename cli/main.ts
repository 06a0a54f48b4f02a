import { userInfo } from 'node:os';
import { createInterface } from 'node:readline/promises';
import { systemClock } from '../shared/clock';
import { createServices } from '../shared/services';
import { probe } from './probe';
import { withReachChecks } from './reach';
import { runCli } from './runCli';

/** Output to a pipe is written by then. */
const LOOKUP_GRACE_MS = 200;

// process.exit() would drop output that is still on its way to a pipe.
process.exitCode = await runCli(process.argv.slice(2), {
  stdout: (text) => process.stdout.write(text),
  stderr: (text) => process.stderr.write(text),
  env: process.env,
  directory: process.cwd(),
  confirm,
  now: () => systemClock.now(),
  sleep: (ms, signal) => systemClock.sleep(ms, signal),
  interruption,
  userName: () => userInfo().username,
  fetch,
  createServices: (env) => withReachChecks(createServices(env), env, probe),
});

// A name that is still being looked up would keep the process for as long as the DNS server takes.
if (process.exitCode === 1) setTimeout(() => process.exit(), LOOKUP_GRACE_MS).unref();

/** A second signal ends the process at once. */
function interruption(): AbortSignal {
  const interrupted = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => interrupted.abort());
  return interrupted.signal;
}

async function confirm(question: string): Promise<boolean | undefined> {
  if (!process.stdin.isTTY) return undefined;
  const prompt = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^y(es)?$/i.test((await prompt.question(`${question} [y/N] `)).trim());
  } finally {
    prompt.close();
  }
}
