import type { ControlRoute } from './controlCall';
import { loseSubscriptions, loseTriggers } from './losses';
import { currentOutage } from './outage';
import { invalidInput, optionalBoolean, optionalNumber, optionalString, requireRecord } from './readFields';
import type { Simulation } from './simulation';
import type { Outage } from './world';

/** Losses in bulk, and Graph being out. */
export const controlTroubleRoutes: readonly ControlRoute[] = [
  {
    method: 'POST',
    path: '/subscriptions/lose',
    handle: ({ simulation, body }) => ({
      status: 200,
      body: {
        value: loseSubscriptions(simulation, {
          ...parseLoss(body),
          announce: optionalBoolean(requireRecord(body), 'announce') ?? false,
        }),
      },
    }),
  },
  {
    method: 'POST',
    path: '/triggers/lose',
    handle: ({ simulation, body }) => ({
      status: 200,
      body: { value: loseTriggers(simulation, parseLoss(body)) },
    }),
  },
  {
    method: 'GET',
    path: '/outage',
    handle: ({ simulation }) => ({ status: 200, body: viewOutage(simulation) }),
  },
  {
    method: 'POST',
    path: '/outage',
    handle: ({ simulation, body }) => {
      simulation.world.outage = parseOutage(body, simulation.now());
      return { status: 200, body: viewOutage(simulation) };
    },
  },
  {
    method: 'DELETE',
    path: '/outage',
    handle: ({ simulation }) => {
      simulation.world.outage = undefined;
      return { status: 204 };
    },
  },
];

function parseLoss(body: unknown): { rate: number; tenantId?: string } {
  const order = requireRecord(body);
  const rate = optionalNumber(order, 'rate');
  if (rate === undefined || rate > 1) throw invalidInput("'rate' must be a number from 0 to 1.");
  const tenantId = optionalString(order, 'tenantId')?.toLowerCase();
  return { rate, ...(tenantId === undefined ? {} : { tenantId }) };
}

function parseOutage(body: unknown, now: number): Outage {
  const order = requireRecord(body ?? {});
  const answer = optionalString(order, 'answer') ?? 'status503';
  if (answer !== 'status503' && answer !== 'reset')
    throw invalidInput("'answer' must be status503 or reset.");
  const notifications = optionalString(order, 'notifications') ?? 'late';
  if (notifications !== 'late' && notifications !== 'lost' && notifications !== 'normal')
    throw invalidInput("'notifications' must be late, lost or normal.");
  const minutes = optionalNumber(order, 'minutes');
  const retryAfterSeconds = optionalNumber(order, 'retryAfterSeconds');
  return {
    answer,
    notifications,
    tokens: optionalBoolean(order, 'tokens') ?? false,
    until: minutes === undefined ? Infinity : now + minutes * 60_000,
    ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
  };
}

function viewOutage(simulation: Simulation): Record<string, unknown> {
  const outage = currentOutage(simulation);
  if (!outage) return { out: false };
  const { until, ...rest } = outage;
  return { out: true, ...rest, ...(until === Infinity ? {} : { until }) };
}
