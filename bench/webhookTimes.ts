import { QueueServiceClient } from '@azure/storage-queue';
import { createHmac, hash, randomUUID } from 'node:crypto';
import { readdir, stat } from 'node:fs/promises';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { createStorage, startAzurite, type Azurite } from '../local/startAzurite';
import { startFunctionsHost } from '../local/standIns';
import { TIMERS_OFF } from '../tests/support/timers';
import { createTurns } from '../shared/webhook/turns';
import { verifyBody } from '../shared/webhook/verify';
import { exact, medianRatio, takePairs, type Measured, type Part } from './figures';
import { BENCH_RING, benchEnvironment, CLIENT_ID, makeBenchApp, notificationBody, withWebhookBed } from './testBed';

const VERIFY = {
  items: 50,
  pairs: 200,
  /** Bodies of one timing. Each is new and of other watches, so that no cache can have an answer. */
  bodies: 8,
};

/** Where an id stands in `print/taskDefinitions/{id}/tasks/{id}`, and the tag in `bench.0.{tag}.{mac}`. */
const ID = ['print/taskDefinitions/'.length, 'print/taskDefinitions/'.length + 36] as const;
const TAG = ['bench.0.'.length, 'bench.0.'.length + 22] as const;

/**
 * Parsing and verifying a body, in process, against the least that has to be computed: JSON.parse, and for each item
 * one mac and one hash, of the same text and by the same calls as the product (a digest as text is faster than one as
 * a Buffer).
 */
export const verifyCold: Part = {
  title: 'parsing and verifying',
  figures: {
    verify_cold: {
      what: 'parse and verify 50 items against JSON.parse, one HMAC and one hash each',
      unit: 'ratio',
      bar: 2,
    },
  },
  async measure() {
    const [{ keyId, key }] = BENCH_RING;
    const context = { clientId: CLIENT_ID, receivedAt: '2026-11-22T00:00:00.000Z', nextTraceparent: () => '' };
    const bodies = () => Array.from({ length: VERIFY.bodies }, () => notificationBody(VERIFY.items));
    const time = async (fresh: Buffer[], work: (body: Buffer) => Promise<void> | void) => {
      // A POST arrives in a turn of its own: the one of the timing before would end within this one.
      await setImmediate();
      const startedAt = performance.now();
      for (const body of fresh) await work(body);
      return performance.now() - startedAt;
    };
    const takeTurn = createTurns({ now: () => Date.now() }, setImmediate);
    const ours = () =>
      time(bodies(), async (body) => {
        const judged = await verifyBody(BENCH_RING, body, context, { takeTurn });
        if ('bad' in judged || judged.jobs.length !== VERIFY.items) throw new Error('The bench body was not accepted');
      });
    const baseline = () =>
      time(bodies(), (body) => {
        const { value } = JSON.parse(body.toString('utf8')) as {
          value: { tenantId: string; clientState: string; resource: string }[];
        };
        for (const { tenantId, clientState, resource } of value) {
          createHmac('sha256', key)
            .update(`${keyId}.0.${tenantId}.${CLIENT_ID}.${clientState.slice(...TAG)}`)
            .digest('base64url');
          hash('sha256', `jobStarted:${resource.slice(...ID)}`, 'base64url');
        }
      });
    return { verify_cold: medianRatio(await takePairs(VERIFY.pairs, ours, baseline, 40)) };
  },
};

const ACK_PAIRS = 44;
/** How many POSTs make up one timing, by items in a POST, so that both timings are well above the clock's grain. */
const ACK_POSTS = { 1: 8, 10: 3, 100: 1 };

/** The webhook through the host against a bare function in the same host. */
export const acknowledgement: Part = {
  title: 'the acknowledgement',
  figures: {
    ack_batch_1: { what: 'webhook against a bare function, 1 item a POST', unit: 'ratio', bar: 1.15 },
    ack_batch_10: { what: 'the same, 10 items a POST', unit: 'ratio', bar: 1.15 },
    ack_batch_100: { what: 'the same, 100 items a POST', unit: 'ratio', bar: 1.15 },
  },
  measure({ root, isWanted }) {
    return withWebhookBed(root, {}, async ({ host, agent, connectionString }) => {
      const queue = QueueServiceClient.fromConnectionString(connectionString).getQueueClient('print-notifications');
      const send = (route: string, body: Buffer) => post(agent, `${host.url}/api/${route}`, body);
      await send('notifications', notificationBody(1));
      const { peekedMessageItems } = await queue.peekMessages();
      const [sample] = peekedMessageItems;
      if (!sample) throw new Error('The webhook stored no message');
      await send('bareMessage', Buffer.from(sample.messageText, 'base64'));

      const measured: Record<string, Measured> = {};
      for (const [items, posts] of Object.entries(ACK_POSTS)) {
        if (!isWanted(`ack_batch_${items}`)) continue;
        const body = notificationBody(Number(items));
        const time = async (route: string) => {
          await queue.clearMessages();
          const startedAt = performance.now();
          for (let count = 0; count < posts; count += 1) await send(route, body);
          return performance.now() - startedAt;
        };
        const pairs = await takePairs(
          ACK_PAIRS,
          () => time('notifications'),
          () => time('bareNotifications'),
          4,
        );
        measured[`ack_batch_${items}`] = medianRatio(pairs);
      }
      return measured;
    });
  },
};

/** One POST on a kept connection. @throws unless it is answered with 202 or 204 */
function post(agent: http.Agent, url: string, body: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json', 'content-length': body.length };
    const request = http.request(url, { method: 'POST', agent, headers }, (answer) => {
      answer.resume();
      answer.once('end', () => {
        if (answer.statusCode === 202 || answer.statusCode === 204) resolve();
        else reject(new Error(`POST ${url} was answered with ${String(answer.statusCode)}`));
      });
    });
    request.once('error', reject);
    request.end(body);
  });
}

const FIRST_ANSWER_PAIRS = 30;

/**
 * From process start to the first stored notification, against an app that only stores one message. On Flex Consumption, which
 * the template deploys, no timer runs in the processes that answer HTTP (documentation page flex-consumption-plan).
 */
export const firstAnswer: Part = {
  title: 'the first answer',
  figures: {
    first_answer: {
      what: 'process start to first stored notification against a hello-world, timers in other processes',
      unit: 'ratio',
      bar: 1.5,
    },
    bundle_kib: { what: 'size of the deployed bundle, without source maps', unit: 'KiB', bar: null },
  },
  async measure({ root, isWanted }) {
    const bundle = exact(Math.round((await bundleBytes(join(root, 'dist', 'functions'))) / 1024));
    if (!isWanted('first_answer')) return { bundle_kib: bundle };
    const hello = await makeBenchApp(root, 'helloWorld');
    const azurite = await startAzurite({ root });
    try {
      await createStorage(azurite.connectionString);
      const time = (appRoot: string) => timeFirstAnswer({ root, appRoot, azurite, settings: TIMERS_OFF });
      const pairs = await takePairs(
        FIRST_ANSWER_PAIRS,
        () => time(root),
        () => time(hello),
        2,
      );
      return { first_answer: medianRatio(pairs), bundle_kib: bundle };
    } finally {
      await azurite.stop();
    }
  },
};

const TELEMETRY_PAIRS = 30;

/** The same start with Application Insights against one without. */
export const firstAnswerWithTelemetry: Part = {
  title: 'the first answer with telemetry',
  figures: {
    first_answer_telemetry: {
      what: 'process start to first stored notification with Application Insights against without',
      unit: 'ratio',
      bar: 1.2,
    },
  },
  async measure({ root }) {
    const azurite = await startAzurite({ root });
    // It answers as the service does, so that an export that came too early would cost what it costs there.
    const ingestion = http.createServer((request, answer) => {
      request.resume().on('end', () => answer.end('{"itemsReceived":1,"itemsAccepted":1,"errors":[]}'));
    });
    try {
      await createStorage(azurite.connectionString);
      await new Promise<void>((resolve) => ingestion.listen(0, '127.0.0.1', resolve));
      const { port } = ingestion.address() as AddressInfo;
      const telemetry = `InstrumentationKey=${randomUUID()};IngestionEndpoint=http://127.0.0.1:${port}/`;
      const time = (settings: Record<string, string>) => timeFirstAnswer({ root, appRoot: root, azurite, settings });
      const pairs = await takePairs(
        TELEMETRY_PAIRS,
        () => time({ APPLICATIONINSIGHTS_CONNECTION_STRING: telemetry }),
        () => time({}),
        2,
      );
      return { first_answer_telemetry: medianRatio(pairs) };
    } finally {
      ingestion.closeAllConnections();
      ingestion.close();
      await azurite.stop();
    }
  },
};

/** From the start of a host to its answer to one POST, in milliseconds. */
async function timeFirstAnswer(start: {
  root: string;
  appRoot: string;
  azurite: Azurite;
  settings?: Record<string, string>;
}): Promise<number> {
  const { root, appRoot, azurite, settings = {} } = start;
  const queues = QueueServiceClient.fromConnectionString(azurite.connectionString);
  // Only our app has a worker, which would process messages that the last start left.
  for (const name of ['print-notifications', 'print-notifications-poison'])
    await queues.getQueueClient(name).clearMessages();
  const startedAt = performance.now();
  const env = { ...benchEnvironment(azurite.connectionString), ...settings };
  const host = await startFunctionsHost({ root, appRoot, env });
  try {
    const body = new Uint8Array(notificationBody(1));
    const answer = await fetch(`${host.url}/api/notifications`, { method: 'POST', body });
    if (answer.status !== 202) throw new Error(`The first POST was answered with ${answer.status}`);
    return performance.now() - startedAt;
  } finally {
    await host.kill();
  }
}

/** The deployed files of the build: all chunks, without source maps. */
async function bundleBytes(folder: string): Promise<number> {
  const names = (await readdir(folder, { recursive: true })).filter((name) => name.endsWith('.mjs'));
  const sizes = await Promise.all(names.map(async (name) => (await stat(join(folder, name))).size));
  return sizes.reduce((sum, size) => sum + size, 0);
}
