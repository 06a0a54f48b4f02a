import type { HttpHandler, HttpResponseInit } from '@azure/functions';
import { errorFields, ReceiverError } from '../shared/errors';
import { createLogger } from '../shared/logger';
import { untilAborted } from '../shared/concurrency';
import { answerHandshake, NO_SNIFF } from '../shared/webhook/handshake';

/** Graph expects an answer within 3 s. The rest is for the way back. */
const ANSWER_WITHIN_MS = 2_500;

/** The HTTP side of both webhook routes. Every failure is a 503, which Graph retries for four hours. */
export const answerWebhook: HttpHandler = async (request, context): Promise<HttpResponseInit> => {
  const token = request.query.get('validationToken');
  if (token !== null) return { ...answerHandshake(token) };
  const logger = createLogger(context);
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
    return { status, headers: NO_SNIFF };
  } catch (error) {
    logger.error('webhook.failed', { function: context.functionName, ...errorFields(error), status: 503 });
    return { status: 503, headers: NO_SNIFF };
  } finally {
    clearTimeout(timer);
  }
};

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
