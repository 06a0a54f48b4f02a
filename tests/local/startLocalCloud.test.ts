import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createServer } from 'node:http';
import { dirname, join } from 'node:path';
import { TableServiceClient } from '@azure/data-tables';
import { BlobServiceClient } from '@azure/storage-blob';
import { QueueServiceClient } from '@azure/storage-queue';
import { parseArguments } from '../../local/functionsHost/arguments';
import { baseEnvironment } from '../../local/processes';
import { startFunctionsHost } from '../../local/standIns';
import { startLocalCloud, type LocalCloud } from '../../local/startLocalCloud';

// Programs start slowly on a busy machine.
jest.setTimeout(30_000);

const root = join(__dirname, '..', '..');
const fixtures = join(root, 'tests', 'fixtures', 'localPrograms');
const programs = { simulator: join(fixtures, 'fakeSimulator.cjs'), host: join(fixtures, 'fakeHost.cjs') };

interface Told {
  readonly args: string[];
  readonly env: Record<string, string>;
  readonly now: number;
}

async function ask(url: string): Promise<Told> {
  return (await (await fetch(url)).json()) as Told;
}

async function refuses(url: string): Promise<boolean> {
  return fetch(url).then(
    () => false,
    () => true,
  );
}

describe('a local cloud with proxy, clock and two hosts', () => {
  let cloud: LocalCloud;
  beforeAll(async () => {
    cloud = await startLocalCloud({
      ...{ root, programs, ports: 'free', proxy: true, clock: true, telemetry: true, hosts: 2 },
      settings: { GRAPH_CREDENTIAL: 'secret' },
    });
  });
  afterAll(async () => {
    await cloud.stop();
  });

  test('the queues, poison queues, tables and containers of the contract exist', async () => {
    const queues: string[] = [];
    for await (const { name } of QueueServiceClient.fromConnectionString(cloud.connectionString).listQueues()) {
      queues.push(name);
    }
    const service = TableServiceClient.fromConnectionString(cloud.connectionString, {
      allowInsecureConnection: true,
    });
    const tables: (string | undefined)[] = [];
    for await (const { name } of service.listTables()) tables.push(name);
    // Design, contract: four queues, poison `<name>-poison`, the queues without a trigger, four tables, two containers.
    expect(queues.sort()).toEqual([
      ...['print-archive', 'print-archive-poison'],
      ...['print-job-events', 'print-job-events-dead', 'print-job-events-poison', 'print-job-events-waiting'],
      ...['print-notifications', 'print-notifications-poison', 'print-notifications-waiting'],
      ...['subscription-events', 'subscription-events-poison'],
    ]);
    expect(tables.sort()).toEqual(['DeviceTokens', 'PrintJobs', 'Subscriptions', 'Tenants']);
    const blobs = BlobServiceClient.fromConnectionString(cloud.connectionString);
    for (const name of ['config', 'documents']) expect(await blobs.getContainerClient(name).exists()).toBe(true);
  });

  test('every host gets the same settings, through the proxy, and the address of the first', async () => {
    const [first, second] = await Promise.all(cloud.hosts.map(({ url }) => ask(url)));
    expect(first?.env['CLIENT_STATE_KEYS']).toMatch(/^local1:[A-Za-z0-9+/]{43}=$/);
    expect(first?.env).toMatchObject({
      ...{ FUNCTIONS_WORKER_RUNTIME: 'node', ENTRA_AUTHORITY_HOST: 'https://localhost:1' },
      ...{ NODE_EXTRA_CA_CERTS: '/tmp/none.pem', GRAPH_CREDENTIAL: 'secret' },
      ENTRA_CLIENT_ID: 'app-1',
      GRAPH_BASE_URL: `${cloud.proxy?.urls.graph}/v1.0`,
      PUBLIC_BASE_URL: `${cloud.hosts[0]?.url}/api`,
      APPLICATIONINSIGHTS_CONNECTION_STRING: cloud.telemetry?.connectionString,
      AzureWebJobsStorage: expect.stringContaining(`QueueEndpoint=${cloud.proxy?.urls.queue}/`) as string,
    });
    expect(second?.env).toEqual(first?.env);
    expect(cloud.environment).toMatchObject(cloud.settings);
  });

  test('a move of the clock reaches hosts, simulator and any Node started with the environment', async () => {
    const days = 3 * 24 * 60 * 60 * 1000;
    cloud.clock?.move(days);
    const told = await Promise.all([cloud.simulator.graphUrl, cloud.hosts[1]?.url ?? ''].map(ask));
    for (const { now } of told) expect(now - Date.now()).toBeGreaterThan(days - 60_000);
    const child = execFileSync(process.execPath, ['-p', 'Date.now()'], {
      env: cloud.environment,
      encoding: 'utf8',
      // The stand-in names a certificate that does not exist, which Node warns of.
      stdio: 'pipe',
    });
    expect(Number(child) - Date.now()).toBeGreaterThan(days - 60_000);
    cloud.clock?.move(-days);
  });

  test('the ingestion endpoint has the moved clock: it refuses what is older than 48 hours by then', async () => {
    const key = /=([^;]+)/.exec(cloud.telemetry?.connectionString ?? '')?.[1];
    const url = /http[^;]+/.exec(cloud.telemetry?.connectionString ?? '')?.[0] ?? '';
    const sent = [
      {
        ...{ name: 'm', iKey: key, time: new Date().toISOString() },
        data: { baseType: 'MessageData', baseData: { message: 'm' } },
      },
    ];
    const track = () => fetch(`${url}v2.1/track`, { method: 'POST', body: JSON.stringify(sent) });
    expect((await track()).status).toBe(200);
    cloud.clock?.move(49 * 3_600_000);
    expect((await track()).status).toBe(400);
    cloud.clock?.move(-49 * 3_600_000);
  });

  test('a restarted host keeps its port and takes other settings', async () => {
    const before = cloud.hosts[0];
    await cloud.restartHost(0, { CLIENT_STATE_KEYS: 'other:key' });
    expect(cloud.hosts[0]?.pid).not.toBe(before?.pid);
    expect(cloud.hosts[0]?.url).toBe(before?.url);
    expect((await ask(before?.url ?? '')).env['CLIENT_STATE_KEYS']).toBe('other:key');
  });

  test('waitUntilIdle asks the host until nothing runs', async () => {
    await cloud.hosts[0]?.waitUntilIdle();
    expect(await (await fetch(`${cloud.hosts[0]?.url}/admin/host/status`)).json()).toMatchObject({
      running: 0,
    });
  });

  test('stop leaves no process, no port and no file', async () => {
    const urls = [cloud.simulator.graphUrl, cloud.azurite.urls.queue, cloud.proxy?.urls.table ?? ''];
    urls.push(/http[^;]+/.exec(cloud.telemetry?.connectionString ?? '')?.[0] ?? '');
    urls.push(...cloud.hosts.map(({ url }) => url));
    await cloud.stop();
    expect(await Promise.all(urls.map(refuses))).toEqual(urls.map(() => true));
    expect(existsSync(dirname(cloud.clock?.path ?? ''))).toBe(false);
    for (const { pid } of [cloud.azurite, cloud.simulator, ...cloud.hosts]) {
      expect(() => process.kill(pid, 0)).toThrow('ESRCH');
    }
  });
});

test('a function key may begin with a dash, as one of 64 random keys does', async () => {
  const host = await startFunctionsHost({ root, env: baseEnvironment(), file: programs.host, functionKey: '--k3y' });
  try {
    expect(parseArguments((await ask(host.url)).args)).toMatchObject({ functionKey: '--k3y', stopWithStdin: true });
  } finally {
    await host.stop();
  }
});

test('a part that does not come up ends what was started before it, and is named', async () => {
  const broken = { ...programs, host: join(fixtures, 'missing.cjs') };
  await expect(startLocalCloud({ root, programs: broken, ports: 'free' })).rejects.toThrow(
    /^Functions host ended with code 1 before it was ready/,
  );
});

test('a taken default port is named and nothing starts', async () => {
  const holder = createServer();
  const free = await new Promise<boolean>((resolve) => {
    holder.once('error', () => resolve(false));
    holder.listen(10001, '127.0.0.1', () => resolve(true));
  });
  try {
    await expect(startLocalCloud({ root, programs, ports: 'default' })).rejects.toThrow(
      'port 10001 (queue): already in use',
    );
  } finally {
    if (free) await new Promise((resolve) => holder.close(resolve));
  }
});
