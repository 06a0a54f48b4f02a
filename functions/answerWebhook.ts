import type { HttpHandler } from '@azure/functions';
import { ReceiverError } from '../shared/errors';
import { untilAborted } from '../shared/concurrency';
import type { ReceiveDependencies } from '../shared/webhook/receive';
import { answerHandshake, NO_SNIFF } from '../shared/webhook/handshake';
import { httpHandler } from './handlers';

/** Graph expects an answer within 3 s. The rest is for the way back. */
const ANSWER_WITHIN_MS = 2_500;

/** The answer has left by then: what follows it must not delay it. */
const AFTER_ANSWER_MS = 100;

/** Every failure is a 503, which Graph retries for four hours. */
const FAILED = { status: 503, headers: NO_SNIFF };

/** The HTTP side of both webhook routes. */
export const answerWebhook: HttpHandler = httpHandler(FAILED, async (request, { logger, context }) => {
  const token = request.query.get('validationToken');
  if (token !== null) return { ...answerHandshake(token) };
  const deadline = new AbortController();
  const timer = setTimeout(() => deadline.abort(timeIsUp()), ANSWER_WITHIN_MS);
  try {
    const webhook = await untilAborted(deadline.signal, loadWebhook());
    const { status } = await webhook.receive(
      { ...webhook.dependencies, logger },
      {
        route: context.functionName,
        declaredLength: request.headers.get('content-length'),
        readBody: async () => new Uint8Array(await request.arrayBuffer()),
        signal: deadline.signal,
      },
    );
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
