import { Agent, createServer } from 'node:http';
import type { IncomingMessage, Server } from 'node:http';
import { setTimeout as realSleep } from 'node:timers/promises';
import { createFaultList, type Fault, type FaultOptions } from './faultList';
import { nameEffect } from './nameEffect';
import { passCall } from './passCall';
import type { OpenCall, ProxyCall, TargetName } from './proxyCall';

/** Idle connections to a target are given up before it does so itself (Node and Azurite: 5 s), which would look like a fault. */
const IDLE_MS = 2_000;

export interface FaultProxyOptions<T extends TargetName> {
  /** Origins to stand before, such as { queue: 'http://127.0.0.1:10001' }; plain http. */
  readonly targets: Readonly<Record<T, string>>;
  /** The clock of startedAt and answeredAt, in milliseconds. */
  readonly now?: () => number;
  /** Waits for a delay; rejects when aborted. */
  readonly sleep?: (ms: number, signal: AbortSignal) => Promise<void>;
}

export interface FaultProxy<T extends TargetName = TargetName> {
  /** The origin before each target that was given. */
  readonly urls: Readonly<Record<T, string>>;
  /** What has passed, in order; `since` = a mark. The calls are copies: ask again to see how one went on. */
  calls(options?: { readonly since?: number }): ProxyCall[];
  /** A position: calls({ since }) gives what came after it. */
  mark(): number;
  /** Forgets the calls recorded so far; numbering goes on. */
  clear(): void;
  fault(options: FaultOptions): Fault;
  /** Cancels every fault; what is held goes on. */
  cancelFaults(): void;
  /** Cuts all connections and stops listening. */
  close(): Promise<void>;
}

/**
 * Starts a reverse proxy on 127.0.0.1, one free port per target. It passes method, path, Host, headers and bodies on as
 * they are (a storage signature covers the path and not the port), and holds, drops, delays or answers what faults name.
 */
export async function startFaultProxy<T extends TargetName>(
  options: FaultProxyOptions<T>,
): Promise<FaultProxy<T>> {
  const { now = Date.now, sleep = (ms, signal) => realSleep(ms, undefined, { signal }) } = options;
  const agent = new Agent({ keepAlive: true, timeout: IDLE_MS });
  const faults = createFaultList();
  const servers: Server[] = [];
  const urls: Partial<Record<TargetName, string>> = {};
  const targets: Partial<Record<TargetName, string>> = options.targets;
  let calls: OpenCall[] = [];
  let last = 0;

  const record = (target: TargetName, request: IncomingMessage, body: Buffer | undefined): OpenCall => {
    const { method = '', url: path = '/' } = request;
    last += 1;
    const call: OpenCall = {
      ...{ n: last, target, method, path },
      ...nameEffect(target, method, path),
      ...(body === undefined || body.length === 0 ? {} : { bodyText: body.toString('utf8') }),
      startedAt: now(),
    };
    calls.push(call);
    return call;
  };

  const close = async (): Promise<void> => {
    await Promise.all(servers.map(closeServer));
    faults.cancelAll();
    agent.destroy();
  };

  for (const name of ['queue', 'table', 'blob', 'graph'] as const) {
    const origin = targets[name];
    if (origin === undefined) continue;
    const context = {
      ...{ target: new URL(origin), agent, faults, now, sleep },
      record: (request: IncomingMessage, body: Buffer | undefined) => record(name, request, body),
    };
    // Never the first to close an idle connection: the client would take it for a fault.
    const server = createServer({ keepAliveTimeout: 0, requestTimeout: 0 }, (request, response) => {
      void passCall(context, request, response);
    });
    servers.push(server);
    urls[name] = await listen(server);
  }

  return {
    // One for each target given, which is what T says.
    urls: urls as Record<T, string>,
    calls: ({ since = 0 } = {}) => calls.filter(({ n }) => n > since).map((call) => ({ ...call })),
    mark: () => last,
    clear() {
      calls = [];
    },
    fault: (fault) => faults.add(fault),
    cancelFaults: () => faults.cancelAll(),
    close,
  };
}

function listen(server: Server): Promise<string> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      if (typeof address === 'object' && address !== null) resolve(`http://127.0.0.1:${address.port}`);
      else reject(new Error('The fault proxy listens on no port.'));
    });
  });
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
