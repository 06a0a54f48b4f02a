import { createLedger } from '../../shared/jobs/ledger';
import { createSweepMemory } from '../../shared/sweep/sweepMemory';
import { randomBytes } from 'node:crypto';
import type { CliIo, CliServices, Environment } from '../../cli/context';
import { runCli } from '../../cli/runCli';
import { readConfig } from '../../shared/config';
import { createDeviceTokens } from '../../shared/deviceTokens/deviceTokens';
import { createTokenSigner } from '../../shared/deviceTokens/tokenText';
import { createFakeGraph } from './createFakeGraph';
import { createRulesStore } from '../../shared/rules/store';
import { createMemoryContainer } from './memoryContainer';
import { createMemoryDocuments } from './memoryDocuments';
import { createMemoryQueueContents } from './memoryQueueContents';
import { createMemoryTable } from './memoryTable';
import { createSubscriptionWorld, PUBLIC_BASE_URL } from './createSubscriptionWorld';
import { testKey } from './testKey';

/** Lets the messages of a test be compared without their macs. */
const UNSIGNED = { sign: (text: string) => text, check: () => 'valid' as const };

/** The settings of a local cloud; the ids are made up. */
export const CLI_ENV = {
  AzureWebJobsStorage: 'UseDevelopmentStorage=true',
  ENTRA_CLIENT_ID: '55555555-5555-5555-5555-555555555555',
  GRAPH_CREDENTIAL: 'development',
  GRAPH_BASE_URL: 'http://127.0.0.1:7080/v1.0',
  CLIENT_STATE_KEYS: `k1:${testKey(7).toString('base64')}`,
  PUBLIC_BASE_URL,
};

type WrapServices = (services: CliServices, env: Environment) => CliServices;

/** The program in process: memory stores, a fake Graph, and everything it says kept. `wrap`: put around its services. */
export function createCliWorld(overrides: Partial<CliIo> = {}, wrap: WrapServices = (services) => services) {
  const world = createSubscriptionWorld();
  const { logger: _logger, ...subscriptions } = world.deps;
  /** Graph as it answers a signed-in Printer Administrator. */
  const administrator = createFakeGraph();
  /** The permissions that somebody signed in for. */
  const signedIn: string[] = [];
  const ledgerTable = createMemoryTable();
  const ledger = createLedger(ledgerTable);
  const tokens = createDeviceTokens(createMemoryTable());
  const configBlobs = createMemoryContainer();
  const documents = createMemoryDocuments(world.clock);
  const queues = new Map<string, ReturnType<typeof createMemoryQueueContents>>();
  const queue = (name: string) => {
    const open = queues.get(name) ?? createMemoryQueueContents(() => world.clock.now());
    queues.set(name, open);
    return open;
  };
  const servicesOf = (env: Environment): CliServices => ({
    config: () => Promise.resolve().then(() => readConfig(env)),
    tenants: () => Promise.resolve(world.tenants),
    watches: () => Promise.resolve(world.watches),
    graph: () => Promise.resolve({ callGraph: world.graph.callGraph }),
    subscriptions: () => Promise.resolve(subscriptions),
    userGraph: async (_place, signIn) => {
      await signIn();
      return administrator.callGraph;
    },
    queue: (name) => Promise.resolve(queue(name)),
    signers: () =>
      Promise.resolve({ 'print-notifications': UNSIGNED, 'subscription-events': UNSIGNED, 'print-archive': UNSIGNED }),
    queueContents: (name) => Promise.resolve(queue(name)),
    ledger: () => Promise.resolve(ledger),
    deviceTokens: () => {
      const signer = createTokenSigner(readConfig(env).clientStateKeys);
      return Promise.resolve({ tokens, signer, clock: world.clock, randomBytes });
    },
    configBlobs: () => Promise.resolve(configBlobs),
    documents: () => Promise.resolve(documents),
    rules: () => Promise.resolve(createRulesStore({ blobs: configBlobs, clock: world.clock })),
    sweep: () =>
      Promise.resolve({
        callGraph: world.graph.callGraph,
        callBatch: world.graph.callBatch,
        graphBaseUrl: world.deps.config.graphBaseUrl,
        clientId: world.deps.config.clientId,
        tenants: world.tenants,
        watches: world.watches,
        ledger,
        jobs: queue('print-notifications'),
        memory: createSweepMemory(world.clock),
        clock: world.clock,
        random: () => 0.5,
        randomBytes,
      }),
  });
  const tables = new Map([
    ['Tenants', world.tenantTable],
    ['Subscriptions', world.watchTable],
    ['PrintJobs', ledgerTable],
  ]);
  const storage = {
    queue,
    table: (name: string) => tables.get(name) ?? createMemoryTable(),
    container: (name: string) => (name === 'config' ? configBlobs : createMemoryContainer()),
  };
  const run = async (...argv: string[]) => {
    const said = { stdout: '', stderr: '' };
    const code = await runCli(argv, {
      stdout: (text) => {
        said.stdout += text;
      },
      stderr: (text) => {
        said.stderr += text;
      },
      env: CLI_ENV,
      version: '1.2.3',
      directory: __dirname,
      confirm: () => Promise.resolve(undefined),
      now: () => world.clock.now(),
      sleep: (ms) => world.clock.sleep(ms),
      userName: () => 'ada',
      interruption: () => new AbortController().signal,
      signIn: (_place, { tenantId, permission, flow }, prompts) => {
        signedIn.push(`${tenantId} ${permission}`);
        if (flow === 'browser') prompts.browser('https://login.example/authorize');
        else prompts.deviceCode({ verificationUri: 'https://login.example/device', userCode: 'ABCD1234' });
        return Promise.resolve('a token');
      },
      openBrowser: () => Promise.resolve(),
      runLocalTool: () => Promise.resolve(0),
      every: () => () => undefined,
      openStorage: () => Promise.resolve(storage),
      fetch: () => Promise.reject(new Error('This test has no network')),
      createServices: (env) => wrap(servicesOf(env), env),
      ...overrides,
    });
    return { code, ...said };
  };
  /** Runs a verb with --json: exactly one document on stdout. */
  const runJson = async (...argv: string[]) => {
    const { stdout, ...rest } = await run(...argv, '--json');
    return { ...rest, json: JSON.parse(stdout) as unknown };
  };
  return {
    ...world,
    administrator,
    signedIn,
    ledger,
    ledgerTable,
    tokens,
    configBlobs,
    documents,
    queue,
    run,
    runJson,
  };
}
