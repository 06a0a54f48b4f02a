import { Agent, createServer, type Server } from 'node:http';
import { setTimeout as realSleep } from 'node:timers/promises';
import { createFaultList, type Fault, type FaultOptions } from './faults';
import { passRequest, type OpenCall, type PassContext } from './passRequest';
import { nameEffect, type ProxyCall, type TargetName } from './proxyCall';

/** Idle connections to a target close before the target closes them (Node and Azurite: 5 s), which would look like a fault. */
const IDLE_MS = 2_000;

export interface FaultProxyOptions<T extends TargetName> {
  /** Origins to proxy, such as { queue: 'http://127.0.0.1:10001' }, plain http. */
  readonly targets: Readonly<Record<T, string>>;
  /** The clock of startedAt and answeredAt, in milliseconds. */
  readonly now?: () => number;
  /** Waits for a delay. Rejects when aborted. */
  readonly sleep?: (ms: number, signal: AbortSignal) => Promise<void>;
}

export interface FaultProxy<T extends TargetName = TargetName> {
  /** The origin in front of each target. */
  readonly urls: Readonly<Record<T, string>>;
  /** Copies of the recorded calls, in order. `since` is a mark. */
  calls(options?: { readonly since?: number }): ProxyCall[];
  /** The current position: calls({ since }) returns the calls after it. */
  mark(): number;
  fault(options: FaultOptions): Fault;
  /** Cancels every fault and continues the held calls. */
  cancelFaults(): void;
  /** Cuts all connections and stops listening. */
  close(): Promise<void>;
}

/**
 * Starts a reverse proxy on 127.0.0.1, one free port per target. It passes method, path, Host, headers and bodies
 * unchanged (a storage signature covers the path but not the port), and holds, drops or delays calls by faults.
 */
export async function startFaultProxy<T extends TargetName>(options: FaultProxyOptions<T>): Promise<FaultProxy<T>> {
  const { now = Date.now, sleep = (ms, signal) => realSleep(ms, undefined, { signal }) } = options;
  const agent = new Agent({ keepAlive: true, timeout: IDLE_MS });
  const faults = createFaultList();
  const calls: OpenCall[] = [];

  const startOne = async (target: TargetName, origin: string) => {
    const record: PassContext['record'] = ({ method = '', url: path = '/' }, body) => {
      const call: OpenCall = {
        ...{ n: calls.length + 1, target, method, path, startedAt: now() },
        ...nameEffect(target, method, path, body?.toString('utf8')),
        ...(body && body.length > 0 && { bodyText: body.toString('utf8') }),
      };
      calls.push(call);
      return call;
    };
    const context = { target: new URL(origin), agent, faults, now, sleep, record };
    // Never close an idle connection first: the client would take it for a fault.
    const server = createServer({ keepAliveTimeout: 0, requestTimeout: 0 }, (request, response) => {
      void passRequest(context, request, response);
    });
    return { target, server, url: await listen(server) };
  };
  const started = await Promise.all(
    Object.entries<string>(options.targets).map(([target, origin]) => startOne(target as TargetName, origin)),
  );

  return {
    // One for each target of `options`, which is what T says.
    urls: Object.fromEntries(started.map(({ target, url }) => [target, url])) as Record<T, string>,
    calls: ({ since = 0 } = {}) => calls.slice(since).map((call) => ({ ...call })),
    mark: () => calls.length,
    fault: (fault) => faults.add(fault),
    cancelFaults: () => faults.cancelAll(),
    async close() {
      await Promise.all(started.map(({ server }) => closeServer(server)));
      faults.cancelAll();
      agent.destroy();
    },
  };
}

function listen(server: Server): Promise<string> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      if (typeof address === 'object' && address !== null) resolve(`http://127.0.0.1:${address.port}`);
      else reject(new Error('The fault proxy has no port.'));
    });
  });
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
