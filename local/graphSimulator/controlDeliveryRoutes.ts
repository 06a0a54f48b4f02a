import { changeOptions } from './changeOptions';
import { controlNotFound, type ControlRoute } from './controlCall';
import { asRecord, optionalNumber, optionalString, optionalStrings, requireRecord, requireString } from './readFields';
import { notifyLifecycle } from './notifications';
import { liveSubscriptions } from './subscriptionStore';
import { mintValidationToken, parseDefects } from './validationTokens';

// Longer than any wait of a test, shorter than the time-out of a plain fetch.
const IDLE_LIMIT_MS = 30_000;

/** Notifications: how they are sent, what was sent, and sending by hand. */
export const controlDeliveryRoutes: readonly ControlRoute[] = [
  {
    method: 'GET',
    path: '/delivery',
    handle: ({ simulation }) => ({ status: 200, body: simulation.delivery.options }),
  },
  {
    method: 'PATCH',
    path: '/delivery',
    handle: ({ simulation, body }) => {
      changeOptions(simulation.delivery.options, body);
      return { status: 200, body: simulation.delivery.options };
    },
  },
  {
    method: 'GET',
    path: '/deliveries',
    handle: ({ simulation }) => ({ status: 200, body: { value: simulation.delivery.attempts() } }),
  },
  {
    method: 'GET',
    path: '/idle',
    handle: async ({ simulation, query }) => {
      const limit = Math.min(Number(query.get('timeoutMs') ?? IDLE_LIMIT_MS) || IDLE_LIMIT_MS, IDLE_LIMIT_MS);
      return { status: 200, body: { idle: await simulation.delivery.whenIdle(limit) } };
    },
  },
  {
    method: 'POST',
    path: '/redeliver',
    handle: ({ simulation, body }) => {
      const order = requireRecord(body ?? {});
      const match = Object.entries(asRecord(order['match']) ?? {});
      const times = optionalNumber(order, 'times', 1) ?? 1;
      const count = simulation.delivery.redeliver((item) => {
        const values = new Map<string, unknown>(Object.entries(item));
        return match.every(([name, value]) => values.get(name) === value);
      }, times);
      return { status: 200, body: { items: count } };
    },
  },
  {
    method: 'POST',
    path: '/notify',
    handle: async ({ simulation, body }) => {
      const order = requireRecord(body);
      const content = order['body'];
      const answer = await simulation.post(
        requireString(order, 'url'),
        typeof content === 'string' ? content : JSON.stringify(content),
        {
          timeoutMs: optionalNumber(order, 'timeoutMs') ?? IDLE_LIMIT_MS,
          contentType: optionalString(order, 'contentType') ?? 'application/json; charset=utf-8',
          signal: simulation.closed,
        },
      );
      return { status: 200, body: answer };
    },
  },
  {
    method: 'POST',
    path: '/lifecycle',
    handle: ({ simulation, body }) => {
      const order = requireRecord(body);
      const id = requireString(order, 'subscriptionId').toLowerCase();
      const subscription = liveSubscriptions(simulation).find((one) => one.id === id);
      if (!subscription) return controlNotFound('The subscription');
      return notifyLifecycle(simulation, subscription, requireString(order, 'lifecycleEvent'))
        ? { status: 202 }
        : controlNotFound('The lifecycleNotificationUrl of the subscription');
    },
  },
  {
    method: 'DELETE',
    path: '/subscriptions/:subscription',
    handle: ({ simulation, params }) =>
      simulation.world.subscriptions.delete(params['subscription'] ?? '')
        ? { status: 204 }
        : controlNotFound('The subscription'),
  },
  {
    method: 'POST',
    path: '/validationTokens',
    handle: async ({ simulation, body }) => {
      const order = requireRecord(body);
      const token = await mintValidationToken(simulation, {
        tenantId: requireString(order, 'tenantId'),
        appId: optionalString(order, 'appId') ?? simulation.appId,
        form: optionalString(order, 'form') === 'v1' ? 'v1' : 'v2',
        defects: parseDefects(optionalStrings(order, 'defects') ?? []),
      });
      return { status: 200, body: { token } };
    },
  },
];
