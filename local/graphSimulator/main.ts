import { parseArguments } from './parseArguments';
import { startGraphSimulator } from './startGraphSimulator';

const say = (line: unknown) => process.stdout.write(`${JSON.stringify(line)}\n`);

async function run(): Promise<void> {
  const parsed = parseArguments(process.argv.slice(2));
  if ('help' in parsed) {
    process.stdout.write(parsed.help);
    return;
  }
  if ('problem' in parsed) {
    process.stderr.write(`${parsed.problem}\n`);
    process.exitCode = 2;
    return;
  }
  const { stopWithStdin, ...options } = parsed.options;
  const simulator = await startGraphSimulator(options);
  let stopping = false;
  const stop = () => {
    // The second signal does not wait for anything.
    if (stopping) process.exit(1);
    stopping = true;
    void simulator.close().then(() => {
      say({ event: 'stopped' });
      process.stdin.destroy();
      process.off('SIGINT', stop);
      process.off('SIGTERM', stop);
    });
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  if (stopWithStdin) {
    process.stdin.resume();
    const stopOnce = () => (stopping ? undefined : stop());
    process.stdin.once('close', stopOnce).once('end', stopOnce);
  }
  const { graphUrl, controlUrl, authorityUrl, caFile, appId } = simulator;
  say({ event: 'ready', graphUrl, controlUrl, authorityUrl, caFile, appId });
}

run().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
