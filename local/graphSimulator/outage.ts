import { type Reply, graphError } from './reply';
import type { Simulation } from './simulation';
import type { Outage } from './world';

/** The outage that holds at this moment; one whose time has passed is gone from here on. */
export function currentOutage(simulation: Pick<Simulation, 'world' | 'now'>): Outage | undefined {
  const { world } = simulation;
  if (world.outage && simulation.now() >= world.outage.until) world.outage = undefined;
  return world.outage;
}

/** What every call meets while Graph is out, or undefined (concepts/errors.md: 503 is to be tried again later). */
export function outageReply(
  simulation: Pick<Simulation, 'world' | 'now'>,
  requestId: string,
): Reply | 'reset' | undefined {
  const outage = currentOutage(simulation);
  if (!outage) return undefined;
  if (outage.answer === 'reset') return 'reset';
  const reply = graphError(503, 'serviceNotAvailable', 'Graph is out.', { now: simulation.now(), requestId });
  const { retryAfterSeconds } = outage;
  reply.headers = {
    'request-id': requestId,
    ...(retryAfterSeconds === undefined ? {} : { 'retry-after': String(retryAfterSeconds) }),
  };
  return reply;
}
