import { parseArgs } from 'node:util';
import { createControlClient, type ControlAddress } from './control/controlClient';
import { startGraphSimulator } from './startGraphSimulator';

const help = `Simulates Universal Print and the change notifications of Microsoft Graph on this machine.

  --port <n>         port of Graph and of the control API (7080; 0 takes a free one)
  --token-port <n>   port of the sign-in service, https (7443; 0 takes a free one)
  --seed <n>         seed of everything random (1)
  --printers <n>     add a tenant with so many printers, each with a share and a location
  --stop-with-stdin  stop when standard input closes
  --help             show this text
`;

const say = (line: unknown) => process.stdout.write(`${JSON.stringify(line)}\n`);
const fail = (exitCode: number, hint: string) => (error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}${hint}\n`);
  process.exitCode = exitCode;
};

/** Reads the command line. Throws an error that says what is wrong with it. */
function parseArguments() {
  const { values } = parseArgs({
    options: {
      port: { type: 'string', default: '7080' },
      'token-port': { type: 'string', default: '7443' },
      seed: { type: 'string', default: '1' },
      printers: { type: 'string', default: '0' },
      'stop-with-stdin': { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  return {
    help: values.help,
    stopWithStdin: values['stop-with-stdin'],
    port: toNumber('--port', values.port, 65_535),
    tokenPort: toNumber('--token-port', values['token-port'], 65_535),
    seed: toNumber('--seed', values.seed, 0xffffffff),
    printers: toNumber('--printers', values.printers, 50_000),
  };
}

function toNumber(option: string, text: string, highest: number): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value > highest)
    throw new Error(`${option} must be a whole number from 0 to ${highest}, not '${text}'.`);
  return value;
}

/** The tenant of `--printers`, always the same. */
const TENANT = 'aaaaaaaa-0000-4000-8000-000000000001';

/** Adds the tenant of `--printers`. Gives its id, for the ready line. */
async function addTenant(addresses: ControlAddress, count: number): Promise<{ tenantId?: string }> {
  if (count === 0) return {};
  const control = createControlClient(addresses);
  const { tenantId } = await control.createTenant({ tenantId: TENANT });
  await control.createFleet(tenantId, { count });
  return { tenantId };
}

async function run({
  help: showHelp,
  stopWithStdin,
  printers,
  ...options
}: ReturnType<typeof parseArguments>): Promise<void> {
  if (showHelp) {
    process.stdout.write(help);
    return;
  }
  const { close, ...addresses } = await startGraphSimulator(options);
  const added = await addTenant(addresses, printers);
  let stopping = false;
  const stop = () => {
    // The second signal does not wait for anything.
    if (stopping) process.exit(1);
    stopping = true;
    void close().then(() => {
      say({ event: 'stopped' });
      process.stdin.destroy();
    });
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  if (stopWithStdin) {
    process.stdin.resume();
    const stopOnce = () => (stopping ? undefined : stop());
    process.stdin.once('close', stopOnce).once('end', stopOnce);
  }
  say({ event: 'ready', ...addresses, ...added });
}

void Promise.resolve()
  .then(parseArguments)
  .then((options) => run(options).catch(fail(1, '')), fail(2, ' Try --help.'));
