import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClockFile, onClock, type ClockFile } from './clockFile';
import { startFaultProxy, type FaultProxy } from './faultProxy/startFaultProxy';
import { freePort, requireFreePorts } from './findPorts';
import { startIngestion, type Ingestion } from './ingestion/startIngestion';
import { baseEnvironment } from './processes';
import {
  startFunctionsHost,
  startGraphSimulator,
  type FunctionsHostProcess,
  type GraphSimulatorProcess,
} from './standIns';
import { connectionStringFor, createStorage, startAzurite, type Azurite } from './startAzurite';
import { createStopList, type StopList } from './stopList';

/** The ports of `npm start`, as in local.settings.example.json. */
export const DEFAULT_PORTS = {
  blob: 10000,
  queue: 10001,
  table: 10002,
  graph: 7080,
  token: 7443,
  host: 7071,
  console: 7070,
};

export interface LocalCloudOptions {
  /** The folder of this package, which holds dist/, local/ and node_modules. */
  readonly root: string;
  readonly ports: 'default' | 'free';
  /** The folder that holds the app (package.json, host.json). Default: `root`. */
  readonly appRoot?: string;
  /** Runs Azurite, the simulator and the hosts on a clock that can be moved. */
  readonly clock?: boolean;
  /** With `clock`: how far the clock of the app is ahead of those of Graph and storage, in milliseconds; behind if negative. */
  readonly appAheadMs?: number;
  /** Puts a fault proxy between the app and both storage and Graph. */
  readonly proxy?: boolean;
  /** Starts an ingestion endpoint for the telemetry of the app, and names it in APPLICATIONINSIGHTS_CONNECTION_STRING. */
  readonly telemetry?: boolean;
  /** Settings of the app that override those of the local cloud. */
  readonly settings?: Readonly<Record<string, string>>;
  /** How many host processes share the storage (default 1). All have the PUBLIC_BASE_URL of the first. */
  readonly hosts?: number;
  readonly seed?: number;
  readonly messageLeaseSeconds?: number;
  /** For signals while starting: call `stopOnSignals(stops)` first, then this. */
  readonly stops?: StopList;
  /** Other programs instead of the built simulator and host, with the same ready lines. */
  readonly programs?: { readonly simulator?: string; readonly host?: string };
}

export interface LocalCloud {
  readonly azurite: Azurite;
  readonly simulator: GraphSimulatorProcess;
  /** The current or last process of each host. */
  readonly hosts: FunctionsHostProcess[];
  readonly proxy?: FaultProxy;
  /** What the app has exported. */
  readonly telemetry?: Ingestion;
  /** Moves all clocks. Its offset is the one of Graph and storage. */
  readonly clock?: ClockFile;
  /** The app's settings, with the addresses of the proxy if there is one. */
  readonly settings: Readonly<Record<string, string>>;
  /** The whole environment for a Node child process with the same settings and clock, such as the CLI. */
  readonly environment: Readonly<Record<string, string>>;
  /** Key of the protected routes (`x-functions-key`). */
  readonly functionKey: string;
  /** Storage without the proxy, for tests to inspect. */
  readonly connectionString: string;
  /** Kills host `index` (0) if it runs and starts it again on its port. `settings` override the others. */
  restartHost(index?: number, settings?: Readonly<Record<string, string>>): Promise<FunctionsHostProcess>;
  /** Of all processes of the hosts so far: see `FunctionsHostProcess`. */
  workerDeaths(): readonly string[];
  /** Stops all in reverse order, even if one fails. May be called again. */
  stop(): Promise<void>;
}

/**
 * Starts Azurite, the fault proxy, the Graph simulator, the ingestion endpoint, queues and tables, and the functions hosts
 * on 127.0.0.1.
 * @throws if a port is taken (the message names it) or a part does not start. Then nothing is left running.
 */
export async function startLocalCloud(options: LocalCloudOptions): Promise<LocalCloud> {
  const stops = options.stops ?? createStopList();
  try {
    return await startParts(options, stops);
  } catch (error) {
    await stops.stop();
    throw error;
  }
}

async function startParts(options: LocalCloudOptions, stops: StopList): Promise<LocalCloud> {
  const { root, programs = {} } = options;
  const ports = options.ports === 'default' ? DEFAULT_PORTS : undefined;
  if (ports) await requireFreePorts(ports);
  const clock = options.clock === true ? await startClock(stops) : undefined;
  const appClock = clock && options.appAheadMs !== undefined ? await startClock(stops) : clock;
  if (options.appAheadMs !== undefined) appClock?.move(options.appAheadMs);
  const base = { root, ...(clock && { clockFile: clock.path }) };

  const azurite = await startAzurite({ ...base, ...(ports && { ports }) });
  await stops.add(() => azurite.stop());
  const simulator = await startGraphSimulator({
    ...base,
    ...(ports && { port: ports.graph, tokenPort: ports.token }),
    ...(options.seed !== undefined && { seed: options.seed }),
    ...(programs.simulator !== undefined && { file: programs.simulator }),
  });
  await stops.add(() => simulator.stop());
  const targets = { ...azurite.urls, graph: simulator.graphUrl };
  const proxy = options.proxy === true ? await startFaultProxy({ targets }) : undefined;
  if (proxy) await stops.add(() => proxy.close());
  const now = () => Date.now() + (clock?.offset() ?? 0);
  const telemetry = options.telemetry === true ? await startIngestion({ now }) : undefined;
  if (telemetry) await stops.add(() => telemetry.close());
  await createStorage(azurite.connectionString);

  const hostPorts = [ports?.host ?? (await freePort())];
  while (hostPorts.length < (options.hosts ?? 1)) hostPorts.push(await freePort());
  const publicBaseUrl = `http://127.0.0.1:${hostPorts[0]}/api`;
  const settings = {
    ...settingsOf({ simulator, publicBaseUrl, urls: proxy?.urls ?? targets }),
    ...(telemetry && { APPLICATIONINSIGHTS_CONNECTION_STRING: telemetry.connectionString }),
    ...options.settings,
  };
  const appEnvironment = { ...baseEnvironment(), ...settings };
  const functionKey = randomBytes(24).toString('base64url');

  const hosts: FunctionsHostProcess[] = [];
  const started: FunctionsHostProcess[] = [];
  const startHost = async (index: number, over: Readonly<Record<string, string>> = {}) => {
    const host = await startFunctionsHost({
      ...{ ...base, functionKey, env: { ...appEnvironment, ...over }, port: hostPorts[index] ?? 0 },
      ...(options.appRoot !== undefined && { appRoot: options.appRoot }),
      ...(appClock && { clockFile: appClock.path }),
      ...(options.messageLeaseSeconds !== undefined && { messageLeaseSeconds: options.messageLeaseSeconds }),
      ...(programs.host !== undefined && { file: programs.host }),
    });
    hosts[index] = host;
    started.push(host);
    await stops.add(() => host.stop());
    return host;
  };
  for (const index of hostPorts.keys()) await startHost(index);
  // A held call would keep a host from draining.
  if (proxy) await stops.add(() => Promise.resolve(proxy.cancelFaults()));

  return {
    ...{ azurite, simulator, hosts, settings, functionKey },
    environment: onClock(root, appClock?.path, appEnvironment),
    connectionString: azurite.connectionString,
    ...(proxy && { proxy }),
    ...(telemetry && { telemetry }),
    ...(clock && { clock: appClock && appClock !== clock ? together(clock, appClock) : clock }),
    async restartHost(index = 0, over) {
      await hosts[index]?.kill();
      return startHost(index, over);
    },
    workerDeaths: () => started.flatMap((host) => host.workerDeaths()),
    stop: () => stops.stop(),
  };
}

async function startClock(stops: StopList): Promise<ClockFile> {
  const folder = await mkdtemp(join(tmpdir(), 'print-clock-'));
  const clock = createClockFile(join(folder, 'offset'));
  await stops.add(async () => {
    clock.remove();
    await rm(folder, { recursive: true, force: true });
  });
  return clock;
}

function together(clock: ClockFile, other: ClockFile): ClockFile {
  return {
    ...clock,
    move(ms) {
      clock.move(ms);
      other.move(ms);
    },
  };
}

interface Addresses {
  readonly simulator: GraphSimulatorProcess;
  readonly publicBaseUrl: string;
  readonly urls: FaultProxy['urls'];
}

/** The settings of the app, and of CLI commands, in the local cloud. */
function settingsOf({ simulator, publicBaseUrl, urls }: Addresses): Record<string, string> {
  return {
    FUNCTIONS_WORKER_RUNTIME: 'node',
    FUNCTIONS_REQUEST_BODY_SIZE_LIMIT: '2097152',
    AzureWebJobsStorage: connectionStringFor(urls),
    GRAPH_BASE_URL: `${urls.graph}/v1.0`,
    GRAPH_CREDENTIAL: 'development',
    ENTRA_AUTHORITY_HOST: simulator.authorityUrl,
    ENTRA_CLIENT_ID: simulator.appId,
    NODE_EXTRA_CA_CERTS: simulator.caFile,
    // A signing key has at least 32 bytes.
    CLIENT_STATE_KEYS: `local1:${randomBytes(32).toString('base64')}`,
    PUBLIC_BASE_URL: publicBaseUrl,
  };
}
