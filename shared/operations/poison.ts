import { ReceiverError } from '../errors';
import { afterAdmission, formatJobMessage, parseJobMessage, ledgerRowKey } from '../jobs/message';
import { isRecord, parseId } from '../parse';
import type { Ledger, LedgerKey } from '../jobs/ledger';
import type { TakenMessage } from '../storage/queueContents';
import { isSignedQueue, QUEUE_NAMES, type SignedQueue } from '../storage/account';
import type { SignatureCheck } from '../storage/signedMessages';
import { formatSubscriptionMessage, parseSubscriptionMessage } from '../subscriptions/message';

/** A failed message, with its cause as far as it is known. */
export interface PoisonMessage {
  /** The queue where it failed. */
  queue: string;
  id: string;
  /** When it was moved to the poison queue. Milliseconds since 1970. */
  insertedAt: number;
  tenantId?: string;
  /** RowKey of its job in the ledger. */
  key?: string;
  jobId?: string;
  /** The same text for all messages with the same remedy. */
  cause: string;
  /** What Graph or Entra said, where the row of the job has kept it. */
  refusal?: string;
  /** As it was sent. */
  text: string;
  /** The message to send when it is replayed. Undefined when it would fail again. */
  replay?: string;
}

export interface ExplainDeps {
  ledger: Pick<Ledger, 'get'>;
  /** Whether a message of a queue has a mac of this deployment. A replay signs, so it must not sign what others wrote. */
  checkSignature: (queue: SignedQueue, value: unknown) => SignatureCheck;
}

const SIGNATURE_CAUSES: Partial<Record<SignatureCheck, string>> = {
  unsigned: 'not signed by this app',
  wrongMac: 'not signed by this app',
  unknownKey: 'signed with a key that is not in CLIENT_STATE_KEYS',
};

/** Explains a message that `poisonName` holds for `queue`. The cause of a failed job is read from its ledger row. */
export async function explainPoison(
  { ledger, checkSignature }: ExplainDeps,
  { queue, poisonName }: { queue: string; poisonName: string },
  message: TakenMessage,
): Promise<PoisonMessage> {
  const { id, insertedAt, text } = message;
  const known = { queue, id, insertedAt, text };
  const value = parseJson(text);
  if (isSignedQueue(queue)) {
    const isOfJob = queue !== QUEUE_NAMES.subscriptions;
    const explained = isOfJob ? await explainJob(ledger, value) : explainSubscription(value);
    const cause = SIGNATURE_CAUSES[checkSignature(queue, value)];
    if (cause === undefined) return { ...known, ...explained };
    const { replay: _replay, ...named } = explained;
    return { ...known, ...named, cause };
  }
  const data = isRecord(value) ? value['data'] : undefined;
  const tenantId = parseId(isRecord(data) ? data['tenantId'] : undefined);
  const isDead = poisonName === QUEUE_NAMES.deadEvents;
  const cause = isDead ? 'the sink has not accepted it' : 'the reader of the events gave it up';
  return { ...known, ...(tenantId === undefined ? {} : { tenantId }), cause, replay: text };
}

type Explanation = Pick<PoisonMessage, 'tenantId' | 'key' | 'jobId' | 'cause' | 'refusal' | 'replay'>;

async function explainJob(ledger: Pick<Ledger, 'get'>, value: unknown): Promise<Explanation> {
  const parsed = parseJobMessage(value);
  if ('malformed' in parsed) return { cause: `malformed: ${parsed.malformed}` };
  const { message } = parsed;
  // Only the masked shape of the resource was kept, so a replay has nothing to process.
  if ('shape' in message) return { tenantId: message.tenantId, cause: `unknown resource ${message.shape}` };
  const again = { foundBy: 'replay', deferrals: 0 } as const;
  if (!message.reference) {
    const { tenantId, jobId } = message.shared;
    const replay = formatJobMessage({ ...message, ...again });
    return { tenantId, jobId, cause: 'the share of its job cannot be read', replay };
  }
  const { reference } = message;
  const { tenantId, jobId } = reference;
  const key = ledgerRowKey(reference);
  const named = { tenantId, key, ...(jobId === undefined ? {} : { jobId }) };
  const { isClaimed, ...known } = await readCause(ledger, { tenantId, rowKey: key });
  // A job with a row was admitted before it failed.
  const replayed = isClaimed ? afterAdmission(message) : message;
  return { ...named, ...known, replay: formatJobMessage({ ...replayed, ...again }) };
}

async function readCause(
  ledger: Pick<Ledger, 'get'>,
  key: LedgerKey,
): Promise<Pick<PoisonMessage, 'jobId' | 'cause' | 'refusal'> & { isClaimed: boolean }> {
  try {
    const stored = await ledger.get(key);
    if (!stored) return { isClaimed: false, cause: 'never claimed' };
    const { status, jobId, cause = status, lastRefusal } = stored.value;
    return {
      isClaimed: true,
      ...(jobId === undefined ? {} : { jobId }),
      cause: status === 'done' ? 'done since' : cause,
      ...(lastRefusal === undefined ? {} : { refusal: lastRefusal }),
    };
  } catch (error) {
    if (error instanceof ReceiverError) return { isClaimed: error.code === 'rowUnreadable', cause: error.code };
    throw error;
  }
}

function explainSubscription(value: unknown): Explanation {
  const parsed = parseSubscriptionMessage(value);
  if ('malformed' in parsed) return { cause: `malformed: ${parsed.malformed}` };
  const { message } = parsed;
  const replay = formatSubscriptionMessage(message);
  if (message.kind === 'sweepAll') return { cause: 'sweep of all watches failed', replay };
  const words = { renew: 'renewal', sweep: 'sweep request' };
  const what = message.kind === 'lifecycle' ? `lifecycle event ${message.lifecycleEvent}` : words[message.kind];
  return { tenantId: message.tenantId, cause: `${what} failed`, replay };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** Poison messages of one queue with one cause. */
export interface PoisonGroup {
  queue: string;
  cause: string;
  count: number;
  /** When the first and the last of them failed. ISO 8601. */
  oldest: string;
  newest: string;
  tenants: string[];
  /** How many of them can be replayed. */
  replayable: number;
  /** Examples for `poison show`. */
  ids: string[];
  /** Their jobs for `jobs show`, by their keys in the ledger. */
  jobs: string[];
}

const MOST_IDS = 5;

/** Adds one message to the group of its queue and cause. */
export function addToGroup(groups: Map<string, PoisonGroup>, message: PoisonMessage): void {
  const name = `${message.queue}\n${message.cause}`;
  const at = new Date(message.insertedAt).toISOString();
  const { queue, cause } = message;
  const empty = { queue, cause, count: 0, oldest: at, newest: at, tenants: [], replayable: 0, ids: [], jobs: [] };
  const group: PoisonGroup = groups.get(name) ?? empty;
  groups.set(name, group);
  group.count += 1;
  if (at < group.oldest) group.oldest = at;
  if (at > group.newest) group.newest = at;
  if (message.replay !== undefined) group.replayable += 1;
  if (group.ids.length < MOST_IDS) group.ids.push(message.id);
  const { tenantId, key } = message;
  if (key !== undefined && group.jobs.length < MOST_IDS && !group.jobs.includes(key)) group.jobs.push(key);
  if (tenantId !== undefined && !group.tenants.includes(tenantId)) group.tenants.push(tenantId);
}

/** The groups, the largest first. */
export function sortGroups(groups: ReadonlyMap<string, PoisonGroup>): PoisonGroup[] {
  return [...groups.values()].sort((a, b) => b.count - a.count);
}
