import { systemClock } from '../clock';
import { ReceiverError } from '../errors';
import type { EventSinkConfig } from '../settings/eventSink';
import { openOwnIdentity, QUEUE_NAMES } from '../storage/account';
import type { Queues, SendPatience } from '../storage/queues';
import type { DeliverDeps } from './deliver';
import { createEventGridSink } from './eventGrid';
import { createPost } from './post';
import { createPublicLookup } from './publicLookup';
import { createSender, type Sink } from './sender';
import { createWebhookSink } from './webhook';

/**
 * What delivers events to the sink of the settings, apart from the logger of the invocation.
 *
 * @throws ReceiverError `configInvalid` where the settings name no sink
 */
export function openDelivery(
  config: EventSinkConfig | undefined,
  queues: Queues,
  patience: SendPatience,
): Omit<DeliverDeps, 'logger'> {
  if (!config) throw new ReceiverError('configInvalid', 'The settings name no sink for events');
  const open = (name: string) => queues.queue(name, patience);
  const { waitingEvents, deadEvents } = QUEUE_NAMES;
  return {
    sender: createSender({ sink: openSink(config), clock: systemClock }),
    queues: { waiting: { ...open(waitingEvents), ...queues.contents(waitingEvents) }, dead: open(deadEvents) },
    clock: systemClock,
  };
}

/** The host of a topic is one of Microsoft's clouds, and resolves to a private address where it has a private endpoint. */
function openSink(config: EventSinkConfig): Sink {
  if (config.kind === 'eventGrid') {
    return createEventGridSink(config, { post: createPost(), openCredential: () => openOwnIdentity(config) });
  }
  const post = createPost({ lookup: createPublicLookup(config.allowLoopback) });
  return createWebhookSink(config, { post, clock: systemClock });
}
