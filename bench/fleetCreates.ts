import { createConflictListings } from '../shared/subscriptions/conflictListings';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { createControlClient } from '../local/graphSimulator/control/controlClient';
import { startGraphSimulator } from '../local/graphSimulator/startGraphSimulator';
import { createGraphBatch } from '../shared/graph/batch';
import { createGraphClient } from '../shared/graph/client';
import { createSendHttp, type SendHttp } from '../shared/graph/http';
import { createSilence, createThrottle } from '../shared/graph/throttle';
import { reconcileAll } from '../shared/subscriptions/reconcileAll';
import { notMeasured } from '../shared/telemetry/catalogue';
import { createTenants } from '../shared/tenants/tenants';
import { createWatches } from '../shared/watches/watches';
import { answerHandshake } from '../shared/webhook/handshake';
import { createVirtualTime, type VirtualTime } from '../tests/support/createVirtualTime';
import { createMemoryTable } from '../tests/support/memoryTable';
import { exact, type Part } from './figures';
import { BENCH_RING } from './testBed';

const WATCHES = 5_000;
/** concepts/throttling-limits.md, subscriptions: writes of an app in one tenant in 20 s. */
const GRAPH_TENANT_WRITES = 500;
const GRAPH_WINDOW_MS = 20_000;
/** Time on the clock that Graph needs for a create with its two handshakes. */
const CREATE_MS = 500;
const START = Date.UTC(2026, 10, 22);
/** The timer of the app ends its run after this (functions/renewSubscriptions.ts). */
const LIMIT_MS = 8 * 60_000;

/**
 * The first run after a customer with 5,000 printers was added: a POST for each printer to the simulated Graph, whose limits
 * and Retry-After pass on the clock of the run. Its handshakes are answered by the code of the webhook. Time passes only
 * while no request is in progress, so the figure does not depend on the machine.
 */
export const fleetCreates: Part = {
  title: 'five thousand creates',
  figures: {
    fleet_create: {
      what: 'one run that creates 5,000 subscriptions of one customer against the time that 500 writes in 20 s need',
      unit: 'ratio',
      bar: 1.3,
    },
  },
  async measure() {
    const receiver = await startReceiver();
    let inProgress = 0;
    const clock = createVirtualTime(START, () => inProgress > 0);
    const simulator = await startGraphSimulator({ now: () => clock.now() });
    const statuses = new Map<number, number>();
    const send = createSendHttp();
    const sendHttp: SendHttp = async (request) => {
      await clock.sleep(CREATE_MS);
      inProgress += 1;
      try {
        const answer = await send(request);
        if (answer !== 'notSent') statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1);
        return answer;
      } finally {
        inProgress -= 1;
      }
    };
    try {
      const control = createControlClient(simulator);
      const tenantId = randomUUID();
      await control.setVariants({ throttlingClock: 'date' });
      await control.createTenant({ tenantId });
      const printers = await control.createFleet(tenantId, { count: WATCHES });
      const deps = await createWorld(clock, sendHttp, {
        tenantId,
        printers,
        ...simulator,
        publicBaseUrl: receiver.url,
      });
      let isOver = false;
      const run = reconcileAll(deps, { limitMs: LIMIT_MS }).finally(() => (isOver = true));
      await clock.runUntil(() => isOver);
      const { counts } = await run;
      const tookMs = clock.now() - START;
      if (counts.created !== WATCHES) throw new Error(`Not all were created: ${JSON.stringify(counts)}`);
      const live = await control.subscriptions({ tenantId });
      const { notifications, lifecycle } = receiver.handshakes;
      if (live.length !== WATCHES || notifications !== WATCHES || lifecycle !== WATCHES) {
        throw new Error(`${live.length} subscriptions had ${notifications} and ${lifecycle} handshakes`);
      }
      if (statuses.get(201) !== WATCHES || statuses.size > 1) {
        throw new Error(`Graph answered otherwise: ${JSON.stringify([...statuses])}`);
      }
      // The first 500 writes cost no wait.
      const idealMs = (Math.ceil(WATCHES / GRAPH_TENANT_WRITES) - 1) * GRAPH_WINDOW_MS + CREATE_MS;
      const details = [
        `${tookMs / 1_000} s on its clock, ${idealMs / 1_000} s at best`,
        `${notifications + lifecycle} handshakes, and no call was throttled`,
      ];
      return { fleet_create: exact(Math.round((tookMs / idealMs) * 1_000) / 1_000, details) };
    } finally {
      await simulator.close();
      await receiver.stop();
    }
  },
};

async function createWorld(
  clock: VirtualTime,
  sendHttp: SendHttp,
  at: { tenantId: string; printers: readonly string[]; graphUrl: string; appId: string; publicBaseUrl: string },
) {
  const { tenantId, printers, publicBaseUrl } = at;
  const graphBaseUrl = `${at.graphUrl}/v1.0`;
  const tenants = createTenants(createMemoryTable(clock));
  const watches = createWatches(createMemoryTable(clock));
  const createdAt = new Date(START).toISOString();
  await tenants.add({ tenantId, name: 'Bench', createdAt });
  for (const id of printers) {
    await watches.add({ tenantId, kind: 'jobFetchable', id, since: createdAt, generation: 0 });
  }
  const throttle = createThrottle(clock);
  const shared = { throttle, clock, random: () => 0.5, measure: notMeasured };
  const tokens = { get: () => Promise.resolve(`development.${tenantId}`), refused: () => undefined };
  const callGraph = createGraphClient({
    ...{ ...shared, baseUrl: graphBaseUrl, sendHttp, tokens, silence: createSilence(clock) },
  });
  return {
    ...{ tenants, watches, callGraph, callBatch: createGraphBatch({ ...shared, callGraph }) },
    ...{ clock, random: () => 0.5, conflicts: createConflictListings(clock) },
    logger: { info: () => undefined, warn: () => undefined, error: () => undefined },
    config: { clientStateKeys: BENCH_RING, clientId: at.appId, publicBaseUrl, graphBaseUrl },
  };
}

/** Answers the handshakes of both routes, and counts them. */
async function startReceiver() {
  const handshakes = { notifications: 0, lifecycle: 0 };
  const server = http.createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://receiver');
    const { status, headers, body } = answerHandshake(searchParams.get('validationToken') ?? '');
    if (pathname === '/api/notifications') handshakes.notifications += 1;
    if (pathname === '/api/lifecycle') handshakes.lifecycle += 1;
    request.resume().on('end', () => response.writeHead(status, headers).end(body));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/api`,
    handshakes,
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
