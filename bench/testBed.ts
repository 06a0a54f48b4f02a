import { createHash, randomUUID } from 'node:crypto';
import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import http from 'node:http';
import { join } from 'node:path';
import { baseEnvironment } from '../local/processes';
import { createStorage, startAzurite } from '../local/startAzurite';
import { startFunctionsHost, type FunctionsHostProcess } from '../local/standIns';
import { signClientState, watchTag } from '../shared/watches/clientState';
import type { KeyRing } from '../shared/config';

const KEY = createHash('sha256').update('bench key').digest();

/** The keys that sign the notifications of `notificationBody`. */
export const BENCH_RING: KeyRing = [{ keyId: 'bench', key: KEY }];

/** The discard port: nothing that is measured with this environment calls Graph, and nothing answers there. */
const NOBODY = 'http://127.0.0.1:9';

/** Any GUID will do: no token is requested. */
export const CLIENT_ID = '7c9f6a52-1d0e-4b7f-9f43-5f0c7c1de001';

/** The environment of a functions host that has storage and no Graph. */
export function benchEnvironment(connectionString: string): Record<string, string> {
  return {
    ...baseEnvironment(),
    FUNCTIONS_WORKER_RUNTIME: 'node',
    FUNCTIONS_REQUEST_BODY_SIZE_LIMIT: '2097152',
    AzureWebJobsStorage: connectionString,
    GRAPH_BASE_URL: `${NOBODY}/v1.0`,
    GRAPH_CREDENTIAL: 'development',
    ENTRA_CLIENT_ID: CLIENT_ID,
    CLIENT_STATE_KEYS: `bench:${KEY.toString('base64')}`,
    PUBLIC_BASE_URL: `${NOBODY}/api`,
  };
}

/** Makes the folder of an app that a functions host can run, around a bundle that the build wrote to dist/bench/apps. */
export async function makeBenchApp(
  root: string,
  name: 'acknowledgement' | 'helloWorld' | 'noLimits' | 'fewPlaces',
): Promise<string> {
  const folder = join(root, 'dist', 'bench', 'apps', name);
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'package.json'), JSON.stringify({ name, main: 'index.mjs' }));
  await copyFile(join(root, 'host.json'), join(folder, 'host.json'));
  return folder;
}

/** A functions host with storage and no Graph, and what posts to it. */
export interface WebhookBed {
  host: FunctionsHostProcess;
  /** One connection, which is kept. */
  agent: http.Agent;
  connectionString: string;
}

/** Runs `measure` with the host of the app `acknowledgement`, and ends all of it. `env` is added to the host's environment. */
export async function withWebhookBed<T>(
  root: string,
  env: Readonly<Record<string, string>>,
  measure: (bed: WebhookBed) => Promise<T>,
): Promise<T> {
  const appRoot = await makeBenchApp(root, 'acknowledgement');
  const azurite = await startAzurite({ root });
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  const { connectionString } = azurite;
  try {
    await createStorage(connectionString);
    const host = await startFunctionsHost({ root, appRoot, env: { ...benchEnvironment(connectionString), ...env } });
    try {
      return await measure({ host, agent, connectionString });
    } finally {
      await host.stop();
    }
  } finally {
    agent.destroy();
    await azurite.stop();
  }
}

/** The body of a POST with `count` JobStarted notifications, each of another watch, in the shape that Graph sends. */
export function notificationBody(count: number): Buffer {
  const value = Array.from({ length: count }, () => {
    const tenantId = randomUUID();
    const definitionId = randomUUID();
    const taskId = randomUUID();
    const resource = `print/taskDefinitions/${definitionId}/tasks/${taskId}`;
    const tag = watchTag({ kind: 'jobStarted', id: definitionId });
    return {
      subscriptionId: randomUUID(),
      subscriptionExpirationDateTime: '2026-11-24T20:10:00.0000000Z',
      tenantId,
      changeType: 'created',
      clientState: signClientState(BENCH_RING, { tenantId, clientId: CLIENT_ID }, { tag, generation: 0 }),
      resource,
      resourceData: {
        id: taskId,
        '@odata.type': '#Microsoft.Graph.PrintTask',
        '@odata.id': resource,
        '@odata.etag': 'W/"1"',
        parentUrl: `https://graph.microsoft.com/v1.0/print/printers/${randomUUID()}/jobs/5182`,
      },
    };
  });
  return Buffer.from(JSON.stringify({ value }));
}
