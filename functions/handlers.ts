import type {
  HttpHandler,
  HttpRequest,
  HttpResponseInit,
  InvocationContext,
  StorageQueueHandler,
  TimerHandler,
} from '@azure/functions';
import { systemClock } from '../shared/clock';
import { errorFields, ReceiverError } from '../shared/errors';
import { createLogger, type Logger } from '../shared/logger';
import type { Services } from '../shared/services';
import { QUEUE_NAMES, type SignedQueue } from '../shared/storage/account';
import type { MessageQueue } from '../shared/storage/queues';
import { meterLogger } from '../shared/telemetry/measuredEvents';
import { getTelemetry } from '../shared/telemetry/telemetry';
import { version } from '../shared/version';

export interface Invocation {
  services: Services;
  logger: Logger;
  context: InvocationContext;
}

/** A function with an HTTP trigger. It throws nothing: what fails is logged, and the answer is `failed`. */
export function httpHandler(
  failed: HttpResponseInit,
  work: (request: HttpRequest, invocation: Pick<Invocation, 'logger' | 'context'>) => Promise<HttpResponseInit>,
): HttpHandler {
  return async (request, context) => {
    const logger = openLogger(context);
    try {
      return await work(request, { logger, context });
    } catch (error) {
      logger.error('function.failed', { function: context.functionName, ...errorFields(error) });
      return failed;
    } finally {
      getTelemetry(process.env).invocationEnded(logger);
    }
  };
}

/** A timer's function. What it throws is safe to log. */
export function timerHandler(work: (invocation: Invocation) => Promise<void>): TimerHandler {
  return (_timer, context) => runSafely(context, work);
}

/**
 * The function of a queue whose messages this app signs: only those reach `work`. While settings are wrong, messages wait
 * in the queue, because no number of tries would help. What it throws is safe to log, and the host tries again.
 */
export function signedQueueHandler(
  queue: SignedQueue,
  work: (invocation: Invocation, message: unknown) => Promise<void>,
): StorageQueueHandler {
  return holdingHandler(
    { name: queue, openWaiting: (services) => services.unsignedWaiting(queue) },
    async (invocation, message) => {
      const { admitMessage } = await import('../shared/storage/signedMessages');
      const { services, logger } = invocation;
      if (await admitMessage({ ...(await services.admission(queue)), clock: systemClock, logger }, message)) {
        await work(invocation, message);
      }
    },
  );
}

/** The function of the queue of events, which other systems may read. Its messages are not signed. */
export function eventQueueHandler(
  work: (invocation: Invocation, message: unknown) => Promise<void>,
): StorageQueueHandler {
  const openWaiting = (services: Services) => services.queue(QUEUE_NAMES.waitingEvents);
  return holdingHandler({ name: QUEUE_NAMES.jobEvents, openWaiting }, work);
}

/** @param openWaiting opens a queue without a trigger, although settings other than those of storage are wrong */
function holdingHandler(
  { name, openWaiting }: { name: string; openWaiting: (services: Services) => Promise<MessageQueue> },
  work: (invocation: Invocation, message: unknown) => Promise<void>,
): StorageQueueHandler {
  return (message, context) =>
    runSafely(context, async (invocation) => {
      const { services, logger } = invocation;
      try {
        await work(invocation, message);
      } catch (error) {
        if (!(error instanceof ReceiverError) || error.code !== 'configInvalid') throw error;
        logger.error('settings.invalid', errorFields(error));
        const { holdMessage } = await import('../shared/storage/signedMessages');
        await holdMessage(
          { waiting: await openWaiting(services), name, clock: systemClock, logger },
          message,
          error.code,
        );
      }
    });
}

/** The log of one invocation. Its lines are measured. */
function openLogger(context: InvocationContext): Logger {
  return meterLogger(createLogger(context), getTelemetry(process.env).measure);
}

let isAnnounced = false;

/** Says once per process what runs, and which hosts outside Microsoft's clouds its settings trust. */
async function announce(services: Services, logger: Logger): Promise<void> {
  if (isAnnounced) return;
  isAnnounced = true;
  try {
    const { credential, trustedHosts } = await services.config();
    logger.info('app.started', { version, node: process.version, credential, trustedHosts: trustedHosts.join(' ') });
  } catch {
    // Wrong settings are reported by what needs them.
  }
}

/** Errors of libraries quote their input, and the host logs what a function throws. So only errors of ours leave here. */
async function runSafely(context: InvocationContext, work: (invocation: Invocation) => Promise<void>): Promise<void> {
  const logger = openLogger(context);
  try {
    // Loaded here, so that nothing heavy loads at start and an instance loads what it needs alone.
    const { getServices } = await import('../shared/services');
    const services = getServices(process.env);
    await announce(services, logger);
    await work({ services, logger, context });
  } catch (error) {
    logger.error('function.failed', { function: context.functionName, ...errorFields(error) });
    if (error instanceof ReceiverError) throw error;
    throw new ReceiverError('unexpected', `${context.functionName} failed unexpectedly`);
  } finally {
    getTelemetry(process.env).invocationEnded(logger);
  }
}
