import type { HttpHandler } from '@azure/functions';
import { ReceiverError } from '../shared/errors';
import { untilAborted } from '../shared/concurrency';
import type { Measure } from '../shared/telemetry/catalogue';
import { getTelemetry } from '../shared/telemetry/telemetry';
import type { ReceiveDependencies } from '../shared/webhook/receive';
import { answerHandshake, NO_SNIFF } from '../shared/webhook/handshake';
import type { FromGraph } from '../shared/webhook/verify';
import { httpHandler } from './handlers';

/** Graph expects an answer within 3 s. The rest is for the way back. */
const ANSWER_WITHIN_MS = 2_500;

/** The answer has left by then: what follows it must not delay it. */
const AFTER_ANSWER_MS = 100;

/** Every failure is a 503, which Graph retries for four hours. */
const FAILED = { status: 503, headers: NO_SNIFF };

/**
 * Graph expects an answer within 3 s and counts one above 10 s as failed (concepts/change-notifications-delivery-webhooks.md).
 * A third of the time is the first warning.
 */
const SLOW_LIMITS = [
  ['1s', 1_000],
  ['2.9s', 2_900],
  ['10s', 10_000],
] as const;

/** The HTTP side of both webhook routes. */
export const answerWebhook: HttpHandler = async (request, context) => {
  const startedAt = performance.now();
  const seen: Seen = { fromGraph: 'unknown' };
  const answer = await answerPost(seen)(request, context);
  const { measure } = getTelemetry(process.env);
  const ms = performance.now() - startedAt;
  measureAnswer(measure, { route: context.functionName, status: answer.status, ms, ...seen });
  return answer;
};

/** What is known of a request when its answer is given, also where the work on it failed. */
interface Seen {
  fromGraph: FromGraph;
}

/** Measures how long an answer took. Anyone can post, so that shares of slow answers rest on those to Graph. */
export function measureAnswer(
  measure: Measure,
  { route, status, ms, ...seen }: Seen & { route: string; status: number | undefined; ms: number },
): void {
  const fromGraph = String(seen.fromGraph);
  const dimensions = { route, status: String(status), fromGraph };
  measure({ metric: 'upr.notifications.time', value: ms, dimensions });
  for (const [limit, limitMs] of SLOW_LIMITS) {
    if (ms > limitMs) measure({ metric: 'upr.notifications.slow', value: 1, dimensions: { limit, fromGraph } });
  }
}

const answerPost = (seen: Seen): HttpHandler =>
  httpHandler(FAILED, async (request, { logger, context }) => {
    const startedAt = performance.now();
    const token = request.query.get('validationToken');
    if (token !== null) {
      // Anyone can send one.
      seen.fromGraph = false;
      return { ...answerHandshake(token) };
    }
    const deadline = new AbortController();
    const timer = setTimeout(() => deadline.abort(timeIsUp()), ANSWER_WITHIN_MS);
    try {
      const webhook = await untilAborted(deadline.signal, loadWebhook());
      const { status, fromGraph } = await webhook.receive(
        { ...webhook.dependencies, logger },
        {
          route: context.functionName,
          traceparent: context.traceContext?.traceParent,
          declaredLength: request.headers.get('content-length'),
          readBody: async () => new Uint8Array(await request.arrayBuffer()),
          signal: deadline.signal,
        },
      );
      seen.fromGraph = fromGraph;
      webhook.dependencies.sweepRequests.answered(performance.now() - startedAt, fromGraph);
      setTimeout(() => catchUp(webhook.dependencies), AFTER_ANSWER_MS).unref();
      return { status, headers: NO_SNIFF };
    } finally {
      clearTimeout(timer);
    }
  });

/** The storage calls that no answer waits for. Neither rejects. */
function catchUp({ record, sweepRequests }: Pick<ReceiveDependencies, 'record' | 'sweepRequests'>): void {
  void record.refresh();
  void sweepRequests.send();
}

/** Loaded here, so that the handshake answers on a cold start and without settings. */
async function loadWebhook() {
  const [{ getServices }, { receive }] = await Promise.all([
    import('../shared/services'),
    import('../shared/webhook/receive'),
  ]);
  return { dependencies: await getServices(process.env).webhook(), receive };
}

function timeIsUp(): ReceiverError {
  return new ReceiverError('deadlinePassed', `The webhook was not done within ${ANSWER_WITHIN_MS} ms`, {
    remedy: 'Graph delivers the batch again.',
  });
}
