import { parseArgs } from 'node:util';
import { HostError, messageOf } from './hostError';

export type HostArguments = ReturnType<typeof parseArguments>;

export const USAGE = `Runs a built Azure Functions app (Node, programming model v4) on this machine.

Usage: functionsHost --root <folder> [options]
  --root <folder>               folder with the app's package.json and host.json
  --port <number>               HTTP port on 127.0.0.1, 0 = any free port (7071)
  --settings <path>|none        local settings file (<root>/local.settings.json if it exists)
  --message-lease-seconds <n>   how long a received queue message stays invisible; renewed at half of it (600)
  --function-key <key>          key that protected routes require (without this option keys are not checked)
  --host-id <id>                hosts with the same id share timers (env AzureFunctionsWebHost__hostid, else local)
  --stop-with-stdin             stop when stdin closes, so that the host never outlives its parent
  --help                        print this text

stdout: one JSON object per line: ready, log, invocation, stopped.
`;

const OPTIONS = {
  root: { type: 'string' },
  port: { type: 'string', default: '7071' },
  settings: { type: 'string' },
  'message-lease-seconds': { type: 'string', default: '600' },
  'function-key': { type: 'string' },
  'host-id': { type: 'string' },
  'stop-with-stdin': { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const;

/** Parses the command line. Throws HostError `usage` that names the option and the expected value. */
export function parseArguments(args: readonly string[]) {
  const values = parse([...args]);
  const empty = Object.entries(values).find(([, value]) => value === '');
  if (empty) throw usage(`Option '--${empty[0]}' needs a value.`);
  const { root, help } = values;
  if (root === undefined && !help) throw usage("Option '--root' is missing: name the folder of the app.");
  return {
    root: root ?? '',
    port: integer('port', values.port, 0, 65_535),
    /** A path, `none`, or undefined for `<root>/local.settings.json` if it exists. */
    settings: values.settings,
    messageLeaseSeconds: integer('message-lease-seconds', values['message-lease-seconds'], 2, 604_800),
    /** Undefined: keys are not checked, as in Core Tools. */
    functionKey: values['function-key'],
    hostId: values['host-id'],
    stopWithStdin: values['stop-with-stdin'],
    help,
  };
}

function parse(args: string[]) {
  try {
    return parseArgs({ args, options: OPTIONS }).values;
  } catch (error) {
    throw usage(messageOf(error));
  }
}

function integer(name: string, text: string, low: number, high: number): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < low || value > high)
    throw usage(`Option '--${name}' must be a whole number from ${low} to ${high}, got "${text}".`);
  return value;
}

function usage(message: string): HostError {
  return new HostError('usage', `${message} See --help.`);
}
