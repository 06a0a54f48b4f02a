import { once } from 'node:events';
import { Agent, createServer, type Server } from 'node:http';
import { createFault, type ArmedFault, type Fault, type FaultOptions } from './faults';
import { passRequest } from './passRequest';
import type { ProxyCall, TargetName } from './proxyCall';

/** Idle connections to a target close before the target closes them (Node and Azurite: 5 s), which would look like a fault. */
const IDLE_MS = 2_000;

export interface FaultProxy<T extends TargetName = TargetName> {
  /** The origin in front of each target. */
  readonly urls: Readonly<Record<T, string>>;
  /** Copies of the recorded calls, in order. `since` is a mark. */
  calls(options?: { readonly since?: number }): ProxyCall[];
  /** The current position: calls({ since }) returns the calls after it. */
  mark(): number;
  fault(options: FaultOptions): Fault;
  /** Cancels every fault and continues the calls on hold. */
  cancelFaults(): void;
  /** Cuts all connections and stops listening. */
  close(): Promise<void>;
}

/**
 * Starts a reverse proxy on 127.0.0.1, one free port per target (plain http origins). It passes method, path, Host,
 * headers and bodies unchanged (a storage signature covers the path but not the port), and holds or drops calls by faults.
 */
export async function startFaultProxy<T extends TargetName>(options: {
  readonly targets: Readonly<Record<T, string>>;
}): Promise<FaultProxy<T>> {
  const agent = new Agent({ keepAlive: true, timeout: IDLE_MS });
  const faults: ArmedFault[] = [];
  const calls: ProxyCall[] = [];

  const startOne = async (target: TargetName, origin: string) => {
    const context = { target, origin: new URL(origin), agent, faults, calls };
    // Never close an idle connection first: the client would take it for a fault.
    const server = createServer({ keepAliveTimeout: 0, requestTimeout: 0 }, (request, response) => {
      void passRequest(context, request, response);
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    return { target, server };
  };
  const started = await Promise.all(
    Object.entries<string>(options.targets).map(([target, origin]) => startOne(target as TargetName, origin)),
  );

  const cancelFaults = () => {
    for (const fault of faults.splice(0)) fault.cancel();
  };
  return {
    // One for each target of `options`, which is what T says.
    urls: Object.fromEntries(started.map(({ target, server }) => [target, urlOf(server)])) as Record<T, string>,
    calls: ({ since = 0 } = {}) => calls.slice(since).map((call) => ({ ...call })),
    mark: () => calls.length,
    fault(options) {
      const fault = createFault(options);
      faults.push(fault);
      return fault;
    },
    cancelFaults,
    async close() {
      await Promise.all(started.map(({ server }) => closeServer(server)));
      cancelFaults();
      agent.destroy();
    },
  };
}

function urlOf(server: Server): string {
  const address = server.address();
  return `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
}

async function closeServer(server: Server): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  server.closeAllConnections();
  await closed;
}
