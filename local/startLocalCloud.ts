import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { baseEnvironment } from './baseEnvironment';
import { createClockFile, type ClockFile } from './createClockFile';
import { createStopList, type StopList } from './createStopList';
import { startFaultProxy, type FaultProxy } from './faultProxy/startFaultProxy';
import { startAzurite, type Azurite } from './startAzurite';
import { startFunctionsHost, type FunctionsHostProcess } from './startFunctionsHost';
import { startGraphSimulator, type GraphSimulatorProcess } from './startGraphSimulator';
import { clockEnvironment } from './clockPreload';
import { createStorage } from './createStorage';
import { freePort, requireFreePorts } from './findPorts';
import { localSettings } from './localSettings';
import { connectionStringFor } from './storageConnectionString';

/** The ports of `npm start`, which local.settings.example.json names too. */
export const DEFAULT_PORTS = {
  blob: 10000,
  queue: 10001,
  table: 10002,
  graph: 7080,
  token: 7443,
  host: 7071,
};

export interface LocalCloudOptions {
  /** The folder of this package: holds dist/, local/ and node_modules. */
  readonly root: string;
  readonly ports: 'default' | 'free';
  /** Puts Azurite, the simulator and the hosts on a clock that can be moved. */
  readonly clock?: boolean;
  /** Puts a fault proxy between the app and both storage and Graph. */
  readonly proxy?: boolean;
  /** Settings of the app, over those of the local cloud. */
  readonly settings?: Readonly<Record<string, string>>;
  /** How many host processes share the storage; 1 when absent. All get the PUBLIC_BASE_URL of the first. */
  readonly hosts?: number;
  readonly seed?: number;
  readonly messageLeaseSeconds?: number;
  /** Given when signals may come while starting: `stopOnSignals(stops)` first, then this. */
  readonly stops?: StopList;
  /** Other programs in place of the built simulator and host, with the same ready lines. */
  readonly programs?: { readonly simulator?: string; readonly host?: string };
}

export interface LocalCloud {
  readonly azurite: Azurite;
  readonly simulator: GraphSimulatorProcess;
  /** The hosts that run or ran last, by index. */
  readonly hosts: FunctionsHostProcess[];
  readonly proxy?: FaultProxy;
  readonly clock?: ClockFile;
  /** The app's settings, through the proxy when there is one. */
  readonly settings: Readonly<Record<string, string>>;
  /** The whole environment for a Node child process with the same settings and clock, such as the CLI. */
  readonly environment: Readonly<Record<string, string>>;
  /** Key of the routes that need one (`x-functions-key`). */
  readonly functionKey: string;
  /** Storage without the proxy, for tests to look at what is there. */
  readonly connectionString: string;
  /** Starts host `index` (0) again on its port, killing it first if it still runs; `settings` go over the others. */
  restartHost(index?: number, settings?: Readonly<Record<string, string>>): Promise<FunctionsHostProcess>;
  /** Stops all in reverse order, even when one fails. May be called again. */
  stop(): Promise<void>;
}

/**
 * Starts Azurite, the fault proxy, the Graph simulator, queues and tables, and the functions host(s) on 127.0.0.1.
 * @throws when a port is taken (the message names it) or a part does not come up; nothing is left running then.
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
  if (options.ports === 'default') await requireFreePorts(DEFAULT_PORTS);
  const ports = options.ports === 'default' ? DEFAULT_PORTS : undefined;
  const clock = options.clock === true ? await startClock(stops) : undefined;
  const onClock = clock === undefined ? {} : { clockFile: clock.path };

  const azurite = await startAzurite({ root, ...onClock, ...(ports && { ports }) });
  await stops.add(() => azurite.stop());
  const simulator = await startGraphSimulator({
    root,
    ...onClock,
    ...(ports && { port: ports.graph, tokenPort: ports.token }),
    ...(options.seed !== undefined && { seed: options.seed }),
    ...(programs.simulator !== undefined && { file: programs.simulator }),
  });
  await stops.add(() => simulator.stop());
  const proxy = options.proxy === true ? await startProxy(azurite, simulator, stops) : undefined;
  await createStorage(azurite.connectionString);

  const hostPorts = [ports?.host ?? (await freePort())];
  while (hostPorts.length < (options.hosts ?? 1)) hostPorts.push(await freePort());
  const settings = localSettings(
    {
      connectionString: proxy === undefined ? azurite.connectionString : connectionStringFor(proxy.urls),
      graphUrl: proxy?.urls.graph ?? simulator.graphUrl,
      authorityUrl: simulator.authorityUrl,
      caFile: simulator.caFile,
      appId: simulator.appId,
      hostPort: hostPorts[0] ?? 0,
    },
    options.settings,
  );
  const appEnvironment = { ...baseEnvironment(), ...settings };
  const functionKey = randomBytes(24).toString('base64url');

  const hosts: FunctionsHostProcess[] = [];
  const startHost = async (index: number, over: Readonly<Record<string, string>> = {}) => {
    const host = await startFunctionsHost({
      ...{ root, ...onClock, functionKey, env: { ...appEnvironment, ...over }, port: hostPorts[index] ?? 0 },
      ...(options.messageLeaseSeconds !== undefined && { messageLeaseSeconds: options.messageLeaseSeconds }),
      ...(programs.host !== undefined && { file: programs.host }),
    });
    hosts[index] = host;
    await stops.add(() => host.stop());
    return host;
  };
  for (const index of hostPorts.keys()) await startHost(index);
  // A held call would keep a host from draining.
  if (proxy !== undefined) await stops.add(() => Promise.resolve(proxy.cancelFaults()));

  return {
    ...{ azurite, simulator, hosts, settings, functionKey },
    environment: { ...appEnvironment, ...(clock && clockEnvironment(root, clock.path)) },
    connectionString: azurite.connectionString,
    ...(proxy && { proxy }),
    ...(clock && { clock }),
    async restartHost(index = 0, over) {
      await hosts[index]?.kill();
      return startHost(index, over);
    },
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

async function startProxy(
  azurite: Azurite,
  simulator: GraphSimulatorProcess,
  stops: StopList,
): Promise<FaultProxy> {
  const { blobUrl: blob, queueUrl: queue, tableUrl: table } = azurite;
  const proxy = await startFaultProxy({ targets: { blob, queue, table, graph: simulator.graphUrl } });
  await stops.add(() => proxy.close());
  return proxy;
}
