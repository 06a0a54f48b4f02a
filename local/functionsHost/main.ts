import { resolve } from 'node:path';
import { parseArguments, USAGE } from './arguments';
import { HostError, messageOf } from './hostError';
import { startHost, type RunningHost } from './startHost';

const write = captureStdout();
try {
  const options = parseArguments(process.argv.slice(2));
  if (options.help) {
    write(USAGE);
    process.exit(0);
  }
  const host = await startHost({ ...options, root: resolve(options.root) }, process.env, write);
  stopCleanly(host, options.stopWithStdin);
} catch (error) {
  fail(error);
}

/** Ends the process with the message of an error for the person who started it, otherwise with the stack. */
function fail(error: unknown): never {
  process.stderr.write(`${messageOf(error, error instanceof HostError ? 'message' : 'stack')}\n`);
  process.exit(error instanceof HostError && error.code === 'usage' ? 2 : 1);
}

/** First signal or end of stdin: drain and exit 0. Second signal: exit at once. */
function stopCleanly(host: RunningHost, withStdin: boolean): void {
  let stopping = false;
  const stop = () => {
    if (stopping) process.exit(1);
    stopping = true;
    host.stop().then(() => process.exit(0), fail);
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  if (withStdin) process.stdin.on('end', stop).on('error', stop).resume();
  // An uncaught exception of the app ends the worker process. Here it ends the host, after a log line.
  const crash = (error: unknown) => {
    const message = `Worker uncaught exception: ${messageOf(error, 'stack')}`;
    host.reporter.log({ level: 'critical', category: 'Worker', message });
    process.exit(1);
  };
  process.on('uncaughtException', crash);
  process.on('unhandledRejection', crash);
}

/**
 * Returns the only way to write to stdout. Everything else written there (the app's console.log) becomes log lines, so
 * that stdout stays JSON lines.
 */
function captureStdout(): (text: string) => void {
  const original = process.stdout.write.bind(process.stdout);
  let rest = '';
  process.stdout.write = (chunk: string | Uint8Array, ...others: unknown[]) => {
    rest += typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString('utf8');
    const lines = rest.split('\n');
    rest = lines.pop() ?? '';
    const time = new Date().toISOString();
    for (const message of lines) {
      const line = { event: 'log', time, level: 'information', category: 'Worker.Console', message };
      original(`${JSON.stringify(line)}\n`);
    }
    const callback = others.find((other): other is () => void => typeof other === 'function');
    if (callback) setImmediate(callback);
    return true;
  };
  // The parent may be gone, and then nobody reads the output.
  process.stdout.on('error', () => undefined);
  return (text) => void original(text);
}
