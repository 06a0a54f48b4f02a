import type { ProxyCall } from '../../local/faultProxy/proxyCall';
import { nameCrashPoint, type CrashPoint } from './crashPoints';
import { eventually } from './eventually';
import type { Flow } from './startFlow';

/**
 * Holds the call at `point`. What is returned waits until it has come, kills the host with SIGKILL and starts it again,
 * a fresh process that remembers nothing.
 *
 * @param counts which calls `nth` counts
 */
export function armDeath(flow: Flow, point: CrashPoint, counts: (call: ProxyCall) => boolean) {
  const fault = requireProxy(flow).fault({
    match: (call) => call.effect === point.effect && call.resource === point.resource && counts(call),
    nth: point.nth,
    when: point.when,
    action: 'hold',
  });
  return async (): Promise<void> => {
    await eventually(nameCrashPoint(point), () => fault.hits()[0]);
    await flow.cloud.hosts[0]?.kill();
    fault.drop();
    fault.cancel();
    await flow.cloud.restartHost();
  };
}

/** The fault proxy of a flow that was started with one. */
export function requireProxy(flow: Flow) {
  if (!flow.cloud.proxy) throw new Error('The flow was started without a fault proxy');
  return flow.cloud.proxy;
}
