import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { captureConsole } from './captureConsole';
import { HostError } from './hostError';
import { messageOf } from './messageOf';
import { parseArguments, USAGE } from './parseArguments';
import { startHost, type RunningHost } from './startHost';

const write = captureConsole(
  process.stdout,
  (line) =>
    `${JSON.stringify({ event: 'log', time: new Date().toISOString(), level: 'information', category: 'Worker.Console', message: line })}\n`,
);
// The parent may be gone: what cannot be written then is of no use to anybody.
process.stdout.on('error', () => undefined);

try {
  const options = parseArguments(process.argv.slice(2));
  if (options.help) {
    write(USAGE);
    process.exit(0);
  }
  endCleanly(
    await startHost(
      { ...options, root: resolve(options.root) },
      { env: process.env, write, cpuCount: availableParallelism() },
    ),
    options.stopWithStdin,
  );
} catch (error) {
  process.stderr.write(`${error instanceof HostError ? error.message : messageOf(error, 'stack')}\n`);
  process.exit(error instanceof HostError && error.code === 'usage' ? 2 : 1);
}

/** First signal or end of stdin: drain and exit 0. Second signal: exit at once. */
function endCleanly(host: RunningHost, withStdin: boolean): void {
  let stopping = false;
  const stop = () => {
    if (stopping) process.exit(1);
    stopping = true;
    host.stop().then(
      () => process.exit(0),
      (error: unknown) => {
        process.stderr.write(`${messageOf(error, 'stack')}\n`);
        process.exit(1);
      },
    );
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  if (withStdin) process.stdin.on('end', stop).on('error', stop).resume();
  // The worker process dies of what the app leaves uncaught; so does this one, after saying why.
  const crash = (error: unknown) => {
    host.reporter.log({
      level: 'critical',
      category: 'Worker',
      message: `Worker uncaught exception: ${messageOf(error, 'stack')}`,
    });
    process.exit(1);
  };
  process.on('uncaughtException', crash);
  process.on('unhandledRejection', crash);
}
