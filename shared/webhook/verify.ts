import type { KeyRing } from '../config';
import { parseJobUrl } from '../jobPlace';
import { parseJobResource, watchOf, type JobMessage, type JobReference } from '../jobs/message';
import { isRecord, parseGuid, parseId } from '../parse';
import { LIFECYCLE_EVENTS, type LifecycleMessage } from '../subscriptions/message';
import { isRevoked, verifyClientState, watchTag, type ClientStateRecord } from '../watches/clientState';
import { readItems, wantedMembers, type CollectionEnd, type Text } from './scanner';
import type { TakeTurn } from './turns';

/** Why a body is not a changeNotificationCollection. */
export type BadBody = 'emptyBody' | 'notJsonObject' | 'noValue';

/** Why an item is refused. Each is counted. None is reported to the caller. */
export type Refusal =
  | 'notAnObject'
  | 'noTenantId'
  | 'clientStateMissing'
  | 'clientStateMalformed'
  | 'wrongMac'
  /** Its key is not in the ring, and no clientState was ever signed with it. */
  | 'unknownKey'
  | 'revoked';

/** Whether an item has the right mac: the body comes from Graph. `unknown`: the time was up before that was decided. */
export type FromGraph = boolean | 'unknown';

export interface VerifyContext {
  /** ENTRA_CLIENT_ID, lower-cased. */
  clientId: string;
  /** ISO 8601. */
  receivedAt: string;
  /** Undefined while it has not been read: nothing is revoked, and every key may be one of ours. */
  record?: ClientStateRecord | undefined;
  nextTraceparent: () => string;
}

/** A well-formed body, its items verified. */
export interface VerifiedBody {
  /** The items that were judged, with the members that are read of them. */
  items: unknown[];
  /** The rest was not judged, because the first 64 items were not signed by this app. */
  stopped: boolean;
  jobs: JobMessage[];
  /** One for each watch and event, however many items say the same. */
  lifecycle: LifecycleMessage[];
  /** Lifecycle items that another item of this body stands for. */
  merged: number;
  /** Lifecycle items with an event that is not documented. The words are not kept: anyone with a clientState chooses them. */
  unknownEvents: number;
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

/** What is read of an item (resources/changenotification.md). */
const ITEM = wantedMembers({
  tenantId: true,
  organizationId: true,
  clientState: true,
  subscriptionId: true,
  subscriptionExpirationDateTime: true,
  lifecycleEvent: true,
  resource: true,
  resourceData: wantedMembers({ parentUrl: true }),
});

/** Graph posts items of our subscriptions alone. A body that begins with so many others does not come from Graph. */
const MOST_REFUSED = 64;

/** Reading the clock costs a hundredth of an item. */
const ITEMS_PER_LOOK = 8;

/**
 * Reads a posted body and verifies each item, without I/O, in turns of the event loop. A bad item does not affect the
 * others.
 *
 * @throws the signal's reason once it is aborted, and nothing else
 */
export async function verifyBody(
  ring: KeyRing,
  body: Uint8Array,
  context: VerifyContext,
  { takeTurn, signal }: { takeTurn: TakeTurn; signal?: AbortSignal },
): Promise<VerifiedBody | { bad: BadBody }> {
  if (body.byteLength === 0) return { bad: 'emptyBody' };
  const { verified, judge } = createJudge(ring, context);
  // A revoked item has the right mac: in a batch of Graph the items of other watches may follow it.
  const isProven = () => verified.jobs.length + verified.lifecycle.length + (verified.refused.revoked ?? 0) > 0;
  let items: Generator<unknown, CollectionEnd> | undefined;
  const judgeSome = (isOver: () => boolean): CollectionEnd | 'stopped' | undefined => {
    items ??= readItems(textOf(body), ITEM);
    do {
      const next = items.next();
      if (next.done) return next.value;
      judge(next.value);
      if (verified.items.length >= MOST_REFUSED && !isProven()) return 'stopped';
    } while (verified.items.length % ITEMS_PER_LOOK !== 0 || !isOver());
    return undefined;
  };
  for (;;) {
    signal?.throwIfAborted();
    const end = await takeTurn(judgeSome);
    if (end === 'stopped') return { ...verified, stopped: true };
    if (end) return 'bad' in end ? end : { ...verified, validationTokens: end.validationTokens };
  }
}

/** Most bodies of Graph are shorter. Decoding 1 MiB takes longer than scanning it. */
const MOST_DECODED = 64 * 1024;

/** Up to here a loop finds a quote sooner than a call of the native search. */
const NEAR = 64;

/** The text of a body. A longer one is decoded where it is cut out: JSON is marked by ASCII characters alone. */
function textOf(body: Uint8Array): Text {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  const { length } = bytes;
  if (length <= MOST_DECODED) return bytes.toString('utf8');
  return {
    length,
    charCodeAt: (index) => (index < length ? (bytes[index] ?? NaN) : NaN),
    indexOf(searched, from = 0) {
      const code = searched.charCodeAt(0);
      const near = Math.min(from + NEAR, length);
      for (let at = from; at < near; at += 1) if (bytes[at] === code) return at;
      return bytes.indexOf(code, near);
    },
    slice: (start, end) => bytes.toString('utf8', start, end),
  };
}

/** Verifies items and sorts them by the result. */
function createJudge(ring: KeyRing, context: VerifyContext) {
  const verified: VerifiedBody = {
    items: [],
    stopped: false,
    jobs: [],
    lifecycle: [],
    merged: 0,
    unknownEvents: 0,
    refused: {},
    unknownKey: 0,
    validationTokens: undefined,
  };
  const { items, jobs, lifecycle, refused } = verified;
  const hints = new Set<string>();
  return {
    verified,
    judge: (item: unknown): void => {
      items.push(item);
      const result = verifyItem(ring, item, context);
      if ('job' in result) jobs.push(result.job);
      else if ('refused' in result) refused[result.refused] = (refused[result.refused] ?? 0) + 1;
      else if ('unknownKey' in result) verified.unknownKey += 1;
      else {
        const { tag, lifecycleEvent, generation } = result.lifecycle;
        const hint = `${result.lifecycle.tenantId} ${tag} ${lifecycleEvent} ${generation}`;
        if (lifecycleEvent === UNKNOWN_EVENT) verified.unknownEvents += 1;
        if (hints.has(hint)) verified.merged += 1;
        else lifecycle.push(result.lifecycle);
        hints.add(hint);
      }
    },
  };
}

/** The tenant of an item, lower-cased. Older notifications say organizationId. */
export function tenantOf(item: Record<string, unknown>): string | undefined {
  return parseId(item['tenantId']) ?? parseId(item['organizationId']);
}

/** ISO 8601 as Graph writes it, with up to seven decimals and Z or an offset. Its ranges are those of `Date.parse`, which takes longer. */
const DATE =
  /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,7})?(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/;

const UNKNOWN_EVENT = 'unknown';

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
  const { record, receivedAt } = context;
  if (check.outcome === 'unknownKey') {
    return record === undefined || record.keyIds.has(check.keyId) ? { unknownKey: true } : { refused: 'unknownKey' };
  }
  if (check.outcome !== 'valid') return { refused: REFUSALS[check.outcome] };
  if (record && isRevoked(record, tenantId, check.state)) return { refused: 'revoked' };
  const { tag, generation } = check.state;

  // Objects are filled field by field below: spreading them costs more than the mac.
  const traceparent = context.nextTraceparent();
  const subscriptionId = parseGuid(item['subscriptionId']);
  const { lifecycleEvent, resource } = item;
  if (typeof lifecycleEvent === 'string' && lifecycleEvent !== '') {
    const lifecycle: LifecycleMessage = {
      kind: 'lifecycle',
      tenantId,
      tag,
      // One word for all others, so that they merge: whatever the words, a body has few messages for one watch.
      lifecycleEvent: LIFECYCLE_EVENTS.includes(lifecycleEvent) ? lifecycleEvent : UNKNOWN_EVENT,
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
  return typeof value === 'string' && DATE.test(value) ? value : undefined;
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
