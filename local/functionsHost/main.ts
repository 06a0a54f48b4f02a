import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArguments, USAGE } from './arguments';
import { HostError, messageOf } from './hostError';
import { startHost, type RunningHost } from './startHost';

// The parent may have ended: its end of the pipe is then closed.
process.stdout.on('error', () => undefined);
const workerFile = fileURLToPath(new URL('./worker/main.mjs', import.meta.url));
try {
  const options = parseArguments(process.argv.slice(2));
  if (options.help) {
    process.stdout.write(USAGE);
    process.exit(0);
  }
  const write = (text: string) => void process.stdout.write(text);
  const starting = startHost({ ...options, root: resolve(options.root) }, { env: process.env, write, workerFile });
  // Before the ready line, whose reader may send a signal at once.
  endOnSignals(starting, options.stopWithStdin);
  await starting;
} catch (error) {
  fail(error);
}

/** Ends the process with the message of an error for the person who started it, otherwise with the stack. */
function fail(error: unknown): never {
  process.stderr.write(`${messageOf(error, error instanceof HostError ? 'message' : 'stack')}\n`);
  process.exit(error instanceof HostError && error.code === 'usage' ? 2 : 1);
}

/** First signal or end of stdin: drain and exit 0. Third death of the worker: the same, exit 1. Second signal: at once. */
function endOnSignals(starting: Promise<RunningHost>, withStdin: boolean): void {
  let stopping = false;
  const stop = (code: number) => {
    stopping = true;
    starting.then((host) => host.stop()).then(() => process.exit(code), fail);
  };
  const onSignal = () => (stopping ? process.exit(1) : stop(0));
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
  if (withStdin) process.stdin.on('end', onSignal).on('error', onSignal).resume();
  starting.then((host) => host.givenUp).then(() => stopping || stop(1), fail);
}
