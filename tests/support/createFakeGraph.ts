import { GraphError } from '../../shared/graph/errors';
import type { CallGraphBatch } from '../../shared/graph/batch';
import type { CallGraph, GraphAnswer, GraphCall } from '../../shared/graph/client';

/** The statuses are those of api/subscription-post-subscriptions.md and api/subscription-update.md. */
const ERRORS = {
  notFound: { code: 'graphNotFound', status: 404 },
  unauthorized: { code: 'graphUnauthorized', status: 401 },
  conflict: { code: 'graphConflict', status: 409 },
  throttled: { code: 'graphThrottled', status: 429 },
  forbidden: { code: 'graphForbidden', status: 403 },
  unavailable: { code: 'graphUnavailable' },
  rejected: { code: 'graphRejected', status: 400 },
  unreadable: { code: 'graphAnswerUnreadable', status: 200 },
} as const;

type ErrorKind = keyof typeof ERRORS;

/** An error as the Graph client throws it; the message is only recognisable, not real. */
export function graphError(kind: ErrorKind, retryAfterMs?: number): GraphError {
  const { code, ...facts } = ERRORS[kind];
  return new GraphError(code, `Graph said ${kind}`, {
    ...facts,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  });
}

export interface FakeSubscription {
  id: string;
  tenantId: string;
  resource: string;
  changeType: string;
  notificationUrl: string;
  [property: string]: unknown;
}

type Answer = (call: GraphCall) => unknown;

/**
 * Graph's subscriptions in memory: 201 with an id, PATCH and DELETE with 404, 409 where one exists, a listing without
 * clientState. `next` answers calls of a method in place of that, in order; it may throw.
 */
export function createFakeGraph() {
  const calls: GraphCall[] = [];
  const batches: number[] = [];
  const subscriptions = new Map<string, FakeSubscription>();
  const scripted: { method: GraphCall['method']; answer: Answer }[] = [];
  const accepted: GraphAnswer[] = [];
  let made = 0;

  const callGraph: CallGraph = async (call) => {
    await Promise.resolve();
    calls.push(call);
    const whole = call.method === 'POST' ? accepted.shift() : undefined;
    if (whole) return whole;
    const index = scripted.findIndex(({ method }) => method === call.method);
    if (index >= 0) return { status: 200, body: scripted.splice(index, 1)[0]?.answer(call) };
    return answerAsGraph(call);
  };

  /** Each part goes through `callGraph`, so that `calls` and `next` see it like any other call. */
  const callBatch: CallGraphBatch = (tenantId, parts) => {
    batches.push(parts.length);
    return Promise.all(
      parts.map(async (part) => {
        try {
          return { answer: await callGraph({ tenantId, ...part }) };
        } catch (error) {
          return { error };
        }
      }),
    );
  };

  function answerAsGraph(call: GraphCall) {
    const id = decodeURIComponent(call.path.split('/')[2] ?? '');
    const asked = (call.body ?? {}) as Record<string, unknown>;
    if (call.method === 'POST') {
      const wanted = { ...asked, tenantId: call.tenantId } as unknown as FakeSubscription;
      for (const other of subscriptions.values()) {
        if (
          other.tenantId === wanted.tenantId &&
          other.resource === wanted.resource &&
          other.changeType === wanted.changeType
        )
          throw graphError('conflict');
      }
      made += 1;
      const subscription = { ...wanted, id: `subscription-${made}` };
      subscriptions.set(subscription.id, subscription);
      return { status: 201, body: subscription };
    }
    if (call.method === 'GET') {
      const mine = [...subscriptions.values()].filter(({ tenantId }) => tenantId === call.tenantId);
      return { status: 200, body: { value: mine.map((one) => ({ ...one, clientState: null })) } };
    }
    const found = subscriptions.get(id);
    if (!found) throw graphError('notFound');
    if (call.method === 'DELETE') {
      subscriptions.delete(id);
      return { status: 204, body: undefined };
    }
    Object.assign(found, asked);
    return { status: 200, body: { ...found } };
  }

  return {
    callGraph,
    callBatch,
    calls,
    /** How many parts each batch held, in order. */
    batches,
    subscriptions,
    /** Method and path of each call, in order. */
    said: () => calls.map(({ method, path }) => `${method} ${path}`),
    put: (subscription: FakeSubscription) => subscriptions.set(subscription.id, subscription),
    next: (method: GraphCall['method'], answer: Answer) => scripted.push({ method, answer }),
    /** The next POST is accepted, and Graph continues the work in the operation at this address. */
    nextAccepted: (operationLocation: string) => accepted.push({ status: 202, body: undefined, operationLocation }),
    nextError: (method: GraphCall['method'], error: Error) =>
      scripted.push({
        method,
        answer: () => {
          throw error;
        },
      }),
  };
}
