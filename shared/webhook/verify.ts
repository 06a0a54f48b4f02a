import type { KeyRing } from '../config';
import { parseJobUrl } from '../jobPlace';
import { parseJobResource, watchOf, type JobMessage, type JobReference } from '../jobs/message';
import { isRecord, parseGuid, parseId, parseJson } from '../parse';
import type { LifecycleMessage } from '../subscriptions/message';
import { verifyClientState, watchTag } from '../watches/clientState';

/** Why a body is not a changeNotificationCollection. */
export type BadBody = 'emptyBody' | 'notJson' | 'noValue';

/** Why an item is refused. Each is counted. None is reported to the caller. */
export type Refusal = 'notAnObject' | 'noTenantId' | 'clientStateMissing' | 'clientStateMalformed' | 'wrongMac';

export interface VerifyContext {
  /** ENTRA_CLIENT_ID, lower-cased. */
  clientId: string;
  /** ISO 8601. */
  receivedAt: string;
  nextTraceparent(): string;
}

/** A well-formed body, its items verified. */
export interface VerifiedBody {
  items: readonly unknown[];
  jobs: JobMessage[];
  /** One for each watch and event, however many items say the same. */
  lifecycle: LifecycleMessage[];
  /** Lifecycle items that another item of this body stands for. */
  merged: number;
  refused: Partial<Record<Refusal, number>>;
  unknownKey: number;
  validationTokens: unknown;
}

export type VerifiedItem =
  | { job: JobMessage }
  | { lifecycle: LifecycleMessage }
  | { refused: Refusal }
  /** Our key set may be wrong: Graph should deliver the item again. */
  | { unknownKey: true };

/**
 * Parses a posted body (resources/changenotificationcollection.md) and verifies each item, without I/O. A bad item does
 * not affect the others. Never throws.
 */
export function verifyBody(ring: KeyRing, body: Uint8Array, context: VerifyContext): VerifiedBody | { bad: BadBody } {
  if (body.byteLength === 0) return { bad: 'emptyBody' };
  const collection = parseJson(Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8'));
  if (collection === undefined) return { bad: 'notJson' };
  const items: unknown = isRecord(collection) ? collection['value'] : undefined;
  if (!isRecord(collection) || !Array.isArray(items)) return { bad: 'noValue' };
  const verified: VerifiedBody = {
    items,
    jobs: [],
    lifecycle: [],
    merged: 0,
    refused: {},
    unknownKey: 0,
    validationTokens: collection['validationTokens'],
  };
  const hints = new Set<string>();
  for (const item of items) {
    const result = verifyItem(ring, item, context);
    if ('job' in result) verified.jobs.push(result.job);
    else if ('lifecycle' in result) {
      const { tenantId, tag, lifecycleEvent, generation } = result.lifecycle;
      const hint = `${tenantId} ${tag} ${lifecycleEvent} ${generation}`;
      if (hints.has(hint)) verified.merged += 1;
      else verified.lifecycle.push(result.lifecycle);
      hints.add(hint);
    } else if ('refused' in result) verified.refused[result.refused] = (verified.refused[result.refused] ?? 0) + 1;
    else verified.unknownKey += 1;
  }
  return verified;
}

/** The tenant of an item, lower-cased. Older notifications say organizationId. */
export function tenantOf(item: Record<string, unknown>): string | undefined {
  return parseId(item['tenantId']) ?? parseId(item['organizationId']);
}

/** ISO 8601 as Graph writes it, with up to seven decimals and Z or an offset. */
const DATE = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,7})?(?:Z|[+-]\d\d:\d\d)$/;
const EVENT_WORD = /^[A-Za-z]{1,64}$/;

const REFUSALS = {
  missing: 'clientStateMissing',
  malformed: 'clientStateMalformed',
  wrongMac: 'wrongMac',
} as const satisfies Record<string, Refusal>;

/**
 * Verifies one changeNotification (resources/changenotification.md). The item, not the route, says whether it is a job or
 * a lifecycle notification. An item with the right mac is never dropped: an unknown resource is queued as `unknown`.
 * Never throws.
 */
export function verifyItem(ring: KeyRing, item: unknown, context: VerifyContext): VerifiedItem {
  if (!isRecord(item)) return { refused: 'notAnObject' };
  const tenantId = tenantOf(item);
  if (tenantId === undefined) return { refused: 'noTenantId' };
  const check = verifyClientState(ring, { tenantId, clientId: context.clientId }, item['clientState']);
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
  const named = parseJobResource(tenantId, resource);
  let job: JobMessage;
  if (named?.kind === 'sharedJob') {
    // The worker compares the tag, once Graph has shown the printer of the share.
    const shared = { ...named, tag };
    job = { shared, generation, foundBy: 'graph', receivedAt, traceparent, deferrals: 0 };
  } else if (named && watchTag(watchOf(named)) === tag) {
    addHints(named, item['resourceData']);
    job = { reference: named, generation, foundBy: 'graph', receivedAt, traceparent, deferrals: 0 };
  } else {
    const shape = maskResource(resource);
    job = { tenantId, shape, generation, foundBy: 'graph', receivedAt, traceparent, deferrals: 0 };
  }
  if (subscriptionId !== undefined) job.subscriptionId = subscriptionId;
  const expires = parseDate(item['subscriptionExpirationDateTime']);
  if (expires !== undefined) job.expires = expires;
  return { job };
}

/** The parentUrl of a task names its job (resources/printtask.md). The worker checks this hint against Graph. */
function addHints(reference: JobReference, resourceData: unknown): void {
  if (reference.kind !== 'jobStarted' || !isRecord(resourceData)) return;
  Object.assign(reference, parseJobUrl(resourceData['parentUrl']));
}

function parseDate(value: unknown): string | undefined {
  return typeof value === 'string' && DATE.test(value) && !Number.isNaN(Date.parse(value)) ? value : undefined;
}

/** The words of Universal Print's paths (api-reference/v1.0, print pages). Everything else in a path is an id. */
const WORDS = new Set(
  (
    'print printers pullprintprinters shares jobs tasks documents taskdefinitions tasktriggers printtaskdefinition printtaskdefinitions ' +
    'printer printershares connectors operations services endpoints reports settings'
  ).split(' '),
);

const SHAPE_LENGTH = 200;

/**
 * The form of an unknown resource, for a person to read. Universal Print's own words and the punctuation stay. Everything
 * else becomes `{id}`, so that no id and no secret is logged. At most 200 characters.
 */
export function maskResource(resource: unknown): string {
  if (typeof resource !== 'string') return `(${resource === null ? 'null' : typeof resource})`;
  return resource
    .slice(0, 5 * SHAPE_LENGTH)
    .replace(/[^/()']+/g, (part) => (WORDS.has(part.toLowerCase()) ? part : '{id}'))
    .slice(0, SHAPE_LENGTH);
}
