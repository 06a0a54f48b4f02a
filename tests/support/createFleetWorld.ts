import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CliIo, CliServices } from '../../cli/context';
import type { CallGraph, GraphCall } from '../../shared/graph/client';
import { CLI_ENV, createCliWorld } from './createCliWorld';
import { graphError } from './createFakeGraph';

interface WorldPrinter {
  id: string;
  displayName: string;
  trigger?: { id: string; definition?: { id: string } };
  [field: string]: unknown;
}

/** The program over a customer in memory whose printers and triggers an administrator sees, and whose definitions the app sees. */
export function createFleetWorld(overrides: Partial<CliIo> = {}) {
  const directory = mkdtempSync(join(tmpdir(), 'fleet-'));
  const printers = new Map<string, WorldPrinter>();
  const definitions = new Map<string, { id: string; displayName: string }>();
  const pullPrintPrinters: { id: string; displayName: string }[] = [];
  /** Errors that calls with this method and path throw first, and whether such a call takes effect nevertheless. */
  const faults: { call: RegExp; error: Error; takesEffect?: boolean; times: number }[] = [];
  const calls: string[] = [];
  let made = 0;

  const answer = (call: GraphCall): unknown => {
    const [, printerId = '', , triggerId] =
      /^\/print\/printers\/([^/]+)\/(taskTriggers)(?:\/(\w[\w-]*))?/.exec(call.path) ?? [];
    const printer = printers.get(printerId);
    if (printerId !== '') {
      if (!printer) throw graphError('notFound');
      if (call.method === 'GET') return { value: printer.trigger ? [printer.trigger] : [] };
      if (call.method === 'DELETE') {
        if (printer.trigger?.id !== triggerId) throw graphError('notFound');
        delete printer.trigger;
        return undefined;
      }
      if (printer.trigger) throw graphError('conflict');
      const id = /([^/"]+)"\}$/.exec(JSON.stringify(call.body))?.[1] ?? '';
      made += 1;
      printer.trigger = { id: `trigger-${made}`, definition: { id } };
      return printer.trigger;
    }
    if (call.path.startsWith('/print/printers')) {
      return { value: [...printers.values()].map(({ trigger: _trigger, ...shown }) => shown) };
    }
    if (call.path.startsWith('/print/pullPrintPrinters')) return { value: pullPrintPrinters };
    if (call.method === 'GET') return { value: [...definitions.values()] };
    made += 1;
    const definition = { id: `definition-${made}`, displayName: `New ${made}`, ...(call.body as object) };
    definitions.set(definition.id, definition);
    return definition;
  };
  const callGraph: CallGraph = async (call) => {
    await Promise.resolve();
    const said = `${call.method} ${call.path}`;
    calls.push(said);
    const fault = faults.find((one) => one.times > 0 && one.call.test(said));
    if (fault) {
      fault.times -= 1;
      if (fault.takesEffect) answer(call);
      throw fault.error;
    }
    return { status: 200, body: answer(call) };
  };
  const isPrint = ({ path }: GraphCall) => path.startsWith('/print/');
  const userGraph: CliServices['userGraph'] = async (_place, signIn) => {
    await signIn();
    return callGraph;
  };
  const io = { directory, env: CLI_ENV, ...overrides };
  let isAtCustomer = false;
  const world = createCliWorld(
    // Read by each run, so that a run may be at the customer.
    Object.defineProperty({ ...io }, 'env', { enumerable: true, get: () => (isAtCustomer ? {} : io.env) }),
    (services) => {
      if (isAtCustomer) return onlyUserGraph(services, userGraph);
      return {
        ...services,
        graph: async () => {
          const { callGraph: rest } = await services.graph();
          return { callGraph: (call) => (isPrint(call) ? callGraph(call) : rest(call)) };
        },
        userGraph,
      };
    },
  );
  /** The program on a machine of the customer: no setting, and no service but Graph as the person who signs in. */
  const runAtCustomer = async (...argv: string[]) => {
    isAtCustomer = true;
    try {
      return await world.run(...argv);
    } finally {
      isAtCustomer = false;
    }
  };
  return {
    ...world,
    runAtCustomer,
    readText: (name: string) => readFileSync(join(directory, name), 'utf8'),
    printers,
    definitions,
    pullPrintPrinters,
    faults,
    calls,
    addPrinter: (id: string, fields: Partial<WorldPrinter> = {}) =>
      printers.set(id, { id, displayName: `Printer ${id}`, ...fields }),
    write: (name: string, content: unknown) =>
      writeFileSync(join(directory, name), typeof content === 'string' ? content : JSON.stringify(content, null, 2)),
    end: () => rmSync(directory, { recursive: true }),
  };
}

function onlyUserGraph(services: CliServices, userGraph: CliServices['userGraph']): CliServices {
  const none = { ...services };
  const reject = () => Promise.reject(new Error('The customer has no such service'));
  for (const name of Object.keys(none)) Reflect.set(none, name, reject);
  return { ...none, userGraph };
}
