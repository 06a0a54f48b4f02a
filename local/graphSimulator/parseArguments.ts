import { parseArgs } from 'node:util';
import type { GraphSimulatorOptions } from './startGraphSimulator';

const help = `Simulates Universal Print and the change notifications of Microsoft Graph on this machine.

  --port <n>           port of Graph and of the control API (7080; 0 takes a free one)
  --token-port <n>     port of the sign-in service, https (7443; 0 takes a free one)
  --seed <n>           seed of everything random (1)
  --app-id <guid>      app behind development.{tenantId} tokens
  --client-secret <s>  the only client secret that is accepted (default: any)
  --stop-with-stdin    stop when standard input closes
  --help               show this text
`;

/** What to do: start, show the help, or say what is wrong with the arguments. */
type ParsedArguments =
  { options: GraphSimulatorOptions & { stopWithStdin: boolean } } | { help: string } | { problem: string };

/** Reads the command line. */
export function parseArguments(args: string[]): ParsedArguments {
  try {
    const { values } = parseArgs({
      args,
      options: {
        port: { type: 'string', default: '7080' },
        'token-port': { type: 'string', default: '7443' },
        seed: { type: 'string', default: '1' },
        'app-id': { type: 'string' },
        'client-secret': { type: 'string' },
        'stop-with-stdin': { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    });
    if (values.help) return { help };
    return {
      options: {
        port: toNumber('--port', values.port, 65_535),
        tokenPort: toNumber('--token-port', values['token-port'], 65_535),
        seed: toNumber('--seed', values.seed, 0xffffffff),
        ...(values['app-id'] === undefined ? {} : { appId: values['app-id'] }),
        ...(values['client-secret'] === undefined ? {} : { clientSecret: values['client-secret'] }),
        stopWithStdin: values['stop-with-stdin'],
      },
    };
  } catch (error) {
    return { problem: `${error instanceof Error ? error.message : String(error)} Try --help.` };
  }
}

function toNumber(option: string, text: string, highest: number): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value > highest)
    throw new Error(`${option} must be a whole number from 0 to ${String(highest)}, not '${text}'.`);
  return value;
}
