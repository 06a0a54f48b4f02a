import type { StorageQueueHandler } from '@azure/functions';
import { systemClock } from '../shared/clock';
import type { FairQueue } from '../shared/storage/account';
import { signedQueueHandler, type Invocation } from './handlers';
import { WORK } from './workOnMessage';

/** The carrier has entered for the message already. */
const ENTERED = { enter: () => true, leave: () => undefined };
const NO_PLACE = { enter: () => false, leave: () => undefined };

/**
 * The function of a queue that tenants share. When it throws, the host retries the message and finally moves it to the
 * poison queue. After a message behind which others may wait, it works on the waiting queue: within an invocation, so that
 * the platform does not take the instance away.
 */
export function fairQueueHandler(queue: FairQueue): StorageQueueHandler {
  return signedQueueHandler(queue, async (invocation, message) => {
    const [{ saysMore, tenantIn }, { hostPlaces }] = await Promise.all([
      import('../shared/fairness/fairQueue'),
      invocation.services.places(),
    ]);
    const tenantId = tenantIn(message) ?? '';
    const place = await hostPlaces.enter(tenantId);
    let outcome;
    try {
      const attempts = Number(invocation.context.triggerMetadata?.['dequeueCount']);
      outcome = await WORK[queue](invocation, message, place ?? NO_PLACE, attempts);
    } finally {
      // For a message that ends before it needs its place.
      place?.leave(tenantId);
    }
    if (outcome === 'waiting' || saysMore(message)) await carryWaiting(invocation, tenantId);
  });
}

async function carryWaiting(invocation: Invocation, tenantId: string): Promise<void> {
  const { services, logger } = invocation;
  const [carrier, { queueOf }, { parseJson }, { admitMessage }] = await Promise.all([
    services.carrier(),
    import('../shared/fairness/bringBack'),
    import('../shared/parse'),
    import('../shared/storage/signedMessages'),
  ]);
  const work = async (text: string) => {
    const queue = queueOf(text);
    const message = parseJson(text);
    const admission = await services.admission(queue);
    if (!(await admitMessage({ ...admission, clock: systemClock, logger }, message))) return false;
    return (await WORK[queue](invocation, message, ENTERED)) === 'done';
  };
  await carrier.carry({ logger, work }, tenantId);
}
