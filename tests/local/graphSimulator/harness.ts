import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createControlClient } from '../../../local/graphSimulator/control/controlClient';
import { startGraphSimulator } from '../../../local/graphSimulator/startGraphSimulator';
import type { GraphSimulatorOptions } from '../../../local/graphSimulator/startGraphSimulator';

export const tenantA = 'aaaaaaaa-0000-4000-8000-000000000001';
export const tenantB = 'bbbbbbbb-0000-4000-8000-000000000002';
export const fetchableFilter = '$filter = isFetchable eq true';

export interface Answer {
  status: number;
  headers: Headers;
  text: string;
  body: Record<string, unknown>;
}

/** A simulator in this process with its control client and a clock that a test can put forward. */
export async function startHarness(options: GraphSimulatorOptions = {}) {
  const clock = { aheadMs: 0 };
  const simulator = await startGraphSimulator({ now: () => Date.now() + clock.aheadMs, ...options });
  const control = createControlClient(simulator);

  const graph = async (
    method: string,
    path: string,
    body?: unknown,
    options: { token?: string; version?: string; headers?: Record<string, string> } = {},
  ): Promise<Answer> => {
    const response = await fetch(`${simulator.graphUrl}/${options.version ?? 'v1.0'}${path}`, {
      method,
      redirect: 'manual',
      headers: {
        authorization: `Bearer ${options.token ?? `development.${tenantA}`}`,
        'content-type': 'application/json',
        ...options.headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    const body_ = text === '' ? {} : (JSON.parse(text) as Record<string, unknown>);
    return { status: response.status, headers: response.headers, text, body: body_ };
  };

  return {
    simulator,
    control,
    clock,
    graph,
    /** A tenant with a printer of each kind: one with a trigger of the default app, one without. */
    scene: async (tenantId = tenantA) => {
      await control.createTenant({ tenantId });
      const definition = (await control.createDefinition(tenantId, { displayName: 'Release by badge' })).id;
      const triggered = (await control.createPrinter(tenantId, { displayName: 'With trigger' })).id;
      const plain = (await control.createPrinter(tenantId, { displayName: 'Without trigger' })).id;
      await control.createTrigger(tenantId, { printerId: triggered, definitionId: definition });
      return { tenantId, definition, triggered, plain };
    },
    inMinutes: (minutes: number) => new Date(Date.now() + clock.aheadMs + minutes * 60_000).toISOString(),
  };
}

export type Harness = Awaited<ReturnType<typeof startHarness>>;

/** What a receiver gets; `items` are the entries of `value` in the order they came. */
interface Received {
  url: string;
  headers: Record<string, unknown>;
  text: string;
}

interface Behaviour {
  handshake: (token: string) => { status: number; type: string; body: string } | undefined;
  status: () => number | undefined;
}

const rightly: Behaviour = {
  handshake: (token) => ({ status: 200, type: 'text/plain', body: token }),
  status: () => 202,
};

/** A receiver that answers handshakes correctly and notifications as `answer` says (202 by default). */
export async function startReceiver() {
  const received: Received[] = [];
  const handshakes: Received[] = [];
  const behaviour: Behaviour = { ...rightly };
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const url = request.url ?? '';
      const entry = { url, headers: request.headers, text: Buffer.concat(parts).toString('utf8') };
      const token = new URL(url, 'http://receiver').searchParams.get('validationToken');
      if (token !== null) {
        handshakes.push(entry);
        const answer = behaviour.handshake(token);
        if (answer) response.writeHead(answer.status, { 'content-type': answer.type }).end(answer.body);
        return;
      }
      received.push(entry);
      const status = behaviour.status();
      if (status !== undefined) response.writeHead(status).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const clear = () => {
    received.length = 0;
    handshakes.length = 0;
  };
  return {
    url: `http://127.0.0.1:${String(port)}/notifications`,
    received,
    handshakes,
    behaviour,
    bodies: () =>
      received.map(({ text }) => JSON.parse(text) as { value: Record<string, unknown>[]; validationTokens?: string[] }),
    items: () => received.flatMap(({ text }) => (JSON.parse(text) as { value: Record<string, unknown>[] }).value),
    clear,
    /** Forgets what came and answers as at the start. */
    reset: () => {
      clear();
      Object.assign(behaviour, rightly);
    },
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };
}

export type Receiver = Awaited<ReturnType<typeof startReceiver>>;
