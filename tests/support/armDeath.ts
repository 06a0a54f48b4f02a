import type { ProxyCall } from '../../local/faultProxy/proxyCall';
import { nameCrashPoint, type CrashPoint } from './crashPoints';
import { eventually } from './eventually';
import type { Flow } from './startFlow';

/** The process that dies: the host with its worker, as when the machine fails, or the worker alone. */
export type Victim = 'host' | 'worker';

/**
 * Holds the call at `point`. The returned function waits until it has come and kills the victim with SIGKILL. A host is
 * started again, a fresh process that remembers nothing. A host starts its next worker itself.
 *
 * @param counts which calls `nth` counts
 */
export function armDeath(flow: Flow, point: CrashPoint, counts: (call: ProxyCall) => boolean, victim: Victim = 'host') {
  const fault = requireProxy(flow).fault({
    match: (call) => call.effect === point.effect && call.resource === point.resource && counts(call),
    nth: point.nth,
    when: point.when,
    action: 'hold',
  });
  return async (): Promise<void> => {
    await eventually(nameCrashPoint(point), () => fault.hits()[0]);
    const [host] = flow.cloud.hosts;
    if (victim === 'host') await host?.kill();
    else host?.killWorker();
    fault.drop();
    fault.cancel();
    if (victim === 'host') await flow.cloud.restartHost();
  };
}

/** The fault proxy of a flow that was started with one. */
export function requireProxy(flow: Flow) {
  if (!flow.cloud.proxy) throw new Error('The flow was started without a fault proxy');
  return flow.cloud.proxy;
}
