import { HostError } from './hostError';

export interface HostArguments {
  readonly root: string;
  readonly port: number;
  /** A path, `none`, or undefined for `<root>/local.settings.json` where present. */
  readonly settings: string | undefined;
  readonly messageLeaseSeconds: number;
  /** Undefined: keys are not checked, as in Core Tools. */
  readonly functionKey: string | undefined;
  readonly hostId: string | undefined;
  readonly stopWithStdin: boolean;
  readonly help: boolean;
}

export const USAGE = `Runs a built Azure Functions app (Node, programming model v4) on this machine.

Usage: functionsHost --root <folder> [options]
  --root <folder>               folder with the app's package.json and host.json
  --port <number>               HTTP port on 127.0.0.1, 0 = any free one (7071)
  --settings <path>|none        local settings (<root>/local.settings.json where present)
  --message-lease-seconds <n>   how long a received queue message stays invisible; renewed at half of it (600)
  --function-key <key>          key that function and admin routes ask for (none: keys are not checked)
  --host-id <id>                name under which hosts share timers (env AzureFunctionsWebHost__hostid, else local)
  --stop-with-stdin             end when stdin closes, so that the host never outlives its parent
  --help                        this text

stdout: one JSON object a line: ready, log, invocation, stopped.
`;

const VALUE_OPTIONS = [
  '--root',
  '--port',
  '--settings',
  '--message-lease-seconds',
  '--function-key',
  '--host-id',
];
const SWITCHES = ['--stop-with-stdin', '--help'];

/** The command line as typed options. Throws HostError `usage` that names the option and what it should look like. */
export function parseArguments(args: readonly string[]): HostArguments {
  const values = new Map<string, string>();
  const switches = new Set<string>();
  for (let index = 0; index < args.length; index++) {
    const [name, inline] = splitInline(args[index] ?? '');
    if (SWITCHES.includes(name)) switches.add(name);
    else if (VALUE_OPTIONS.includes(name)) {
      const value = inline ?? args[++index];
      if (value === undefined || value === '') throw usage(`${name} needs a value.`);
      values.set(name, value);
    } else throw usage(`Unknown option ${name}.`);
  }
  const help = switches.has('--help');
  const root = values.get('--root');
  if (root === undefined && !help) throw usage('--root is missing: name the folder with the app.');
  return {
    root: root ?? '',
    port: integer(values, '--port', 7071, 0, 65_535),
    settings: values.get('--settings'),
    messageLeaseSeconds: integer(values, '--message-lease-seconds', 600, 2, 604_800),
    functionKey: values.get('--function-key'),
    hostId: values.get('--host-id'),
    stopWithStdin: switches.has('--stop-with-stdin'),
    help,
  };
}

function splitInline(arg: string): [string, string | undefined] {
  const at = arg.indexOf('=');
  return arg.startsWith('--') && at > 0 ? [arg.slice(0, at), arg.slice(at + 1)] : [arg, undefined];
}

function integer(
  values: ReadonlyMap<string, string>,
  name: string,
  fallback: number,
  low: number,
  high: number,
) {
  const text = values.get(name);
  if (text === undefined) return fallback;
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < low || value > high)
    throw usage(`${name} must be a whole number from ${low} to ${high}, got "${text}".`);
  return value;
}

function usage(message: string): HostError {
  return new HostError('usage', `${message} See --help.`);
}
