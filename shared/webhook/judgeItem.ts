import { isRecord, parseId } from '../parse';
import type { JobMessage } from '../jobs/message';
import { parseParentUrl } from '../graph/api/printTasks';
import { parseJobResource, watchOf, type JobReference } from '../jobs/reference';
import type { LifecycleMessage } from '../subscriptions/message';
import { verifyClientState, watchTag } from '../watches/clientState';
import type { KeyRing } from '../config';
import { maskResource } from './maskResource';

/** Why an item is not acted on. Each is counted; none is told to the caller. */
export type Refusal =
  'notAnObject' | 'noTenantId' | 'clientStateMissing' | 'clientStateMalformed' | 'wrongMac';

export type Judgement =
  | { job: JobMessage }
  | { lifecycle: LifecycleMessage }
  | { refused: Refusal }
  /** Our key set may be wrong: Graph is asked to come again. */
  | { unknownKey: true };

export interface JudgeContext {
  /** ISO 8601. */
  receivedAt: string;
  nextTraceparent(): string;
}

const GUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
/** ISO 8601 as Graph writes it, with up to seven decimals and Z or an offset. */
const DATE = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,7})?(?:Z|[+-]\d\d:\d\d)$/;
const EVENT_WORD = /^[A-Za-z]{1,64}$/;

const REFUSALS = {
  missing: 'clientStateMissing',
  malformed: 'clientStateMalformed',
  wrongMac: 'wrongMac',
} as const satisfies Record<string, Refusal>;

/**
 * Judges one changeNotification (resources/changenotification.md). The item says whether it is of a job or of a
 * subscription's life, not the route it came by. With the right mac nothing is dropped: what we cannot read is
 * queued as `unknown`. Never throws.
 */
export function judgeItem(ring: KeyRing, item: unknown, context: JudgeContext): Judgement {
  if (!isRecord(item)) return { refused: 'notAnObject' };
  // Older notifications say organizationId.
  const tenantId = parseId(item['tenantId']) ?? parseId(item['organizationId']);
  if (tenantId === undefined) return { refused: 'noTenantId' };
  const check = verifyClientState(ring, tenantId, item['clientState']);
  if (check.outcome === 'unknownKey') return { unknownKey: true };
  if (check.outcome !== 'valid') return { refused: REFUSALS[check.outcome] };

  // Objects are filled field by field below: spreading them costs more than the mac.
  const { tag, generation } = check.state;
  const { receivedAt } = context;
  const traceparent = context.nextTraceparent();
  const subscriptionId = parseGuid(item['subscriptionId']);
  const { lifecycleEvent, resource } = item;
  if (typeof lifecycleEvent === 'string' && lifecycleEvent !== '') {
    const lifecycle: LifecycleMessage = {
      kind: 'lifecycle',
      tenantId,
      tag,
      lifecycleEvent: EVENT_WORD.test(lifecycleEvent) ? lifecycleEvent : 'unknown',
      generation,
      receivedAt,
      traceparent,
    };
    if (subscriptionId !== undefined) lifecycle.subscriptionId = subscriptionId;
    return { lifecycle };
  }
  const reference = parseJobResource(tenantId, resource);
  const known = reference && watchTag(watchOf(reference)) === tag;
  if (known) addHints(reference, item['resourceData']);
  const job: JobMessage = known
    ? { reference, generation, foundBy: 'graph', receivedAt, traceparent, deferrals: 0 }
    : {
        tenantId,
        shape: maskResource(resource),
        generation,
        foundBy: 'graph',
        receivedAt,
        traceparent,
        deferrals: 0,
      };
  if (subscriptionId !== undefined) job.subscriptionId = subscriptionId;
  const expires = parseDate(item['subscriptionExpirationDateTime']);
  if (expires !== undefined) job.expires = expires;
  return { job };
}

/**
 * A task says in its parentUrl where its job is (resources/printtask.md): worth a hint, which the worker checks against
 * Graph.
 */
function addHints(reference: JobReference, resourceData: unknown): void {
  if (reference.kind !== 'jobStarted' || !isRecord(resourceData)) return;
  const parent = parseParentUrl(resourceData['parentUrl']);
  if (!parent) return;
  reference.printerId = parent.printerId;
  reference.jobId = parent.jobId;
}

function parseGuid(value: unknown): string | undefined {
  return typeof value === 'string' && GUID.test(value) ? value.toLowerCase() : undefined;
}

function parseDate(value: unknown): string | undefined {
  return typeof value === 'string' && DATE.test(value) && !Number.isNaN(Date.parse(value))
    ? value
    : undefined;
}
