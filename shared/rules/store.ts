import { createCache } from '../cache';
import type { Clock } from '../clock';
import { errorFields, ReceiverError } from '../errors';
import type { Logger } from '../logger';
import type { BlobContainer } from '../storage/blobs';
import type { RulesDocument } from './document';
import { MOST_DOCUMENT_BYTES, rulesBlobOf } from './storedRules';

/** The rules that decide on the jobs of a customer now. */
export type RulesInForce =
  /** There are no rules: every job is released, and every fetchable job is notified. */
  | { kind: 'none' }
  /** `etag` names the version in `blob`. It stays in force while a newer one cannot be read. */
  | { kind: 'rules'; document: RulesDocument; etag: string; blob: string }
  /** What is stored in `blob` is no rules document, and no earlier one is known here: `onFailure` of the customer decides. */
  | { kind: 'unreadable'; blob: string; problem: string }
  /** Storage did not answer, and nothing is known here: the job waits. */
  | { kind: 'outage'; error: ReceiverError };

export interface RulesStoreDeps {
  /** The container `config`. Only read. */
  blobs: Pick<BlobContainer, 'read'>;
  clock: Pick<Clock, 'now'>;
}

export interface RulesStore {
  /** The rules of a customer. Looks for a new version at most once a minute and blob. */
  rulesOf(tenantId: string, logger: Logger): Promise<RulesInForce>;
}

/** A change of the rules takes effect within this, and storage is asked no more often. */
const RECHECK_MS = 60_000;
/** Documents in memory at most. Half a megabyte each when parsed, in the worst case, and a few kilobytes in practice. */
const MOST_KNOWN = 500;

/** What is known of a blob. */
type Known = Exclude<RulesInForce, { kind: 'outage' }>;
interface Checked {
  known: Known;
  /** Of the version that was read last, readable or not. */
  etag?: string;
  checkedAt: number;
}

/** Reads rules documents from storage, and keeps the last good version of each in memory. */
export function createRulesStore({ blobs, clock }: RulesStoreDeps): RulesStore {
  const checked = createCache<Checked>({ most: MOST_KNOWN, clock });
  const reading = new Map<string, Promise<RulesInForce>>();

  const check = async (blob: string, logger: Logger): Promise<RulesInForce> => {
    const before = checked.get(blob);
    const unless = before?.etag;
    let read;
    try {
      read = await blobs.read(blob, { mostBytes: MOST_DOCUMENT_BYTES, ...(unless === undefined ? {} : { unless }) });
    } catch (error) {
      if (!(error instanceof ReceiverError)) throw error;
      logger.warn('rules.notRead', { blob, inForce: before?.known.kind ?? 'none known', ...errorFields(error) });
      if (!before) return { kind: 'outage', error };
      checked.set(blob, { ...before, checkedAt: clock.now() });
      return before.known;
    }
    const next = await toChecked(blob, before, read, logger);
    checked.set(blob, { ...next, checkedAt: clock.now() });
    return next.known;
  };

  const toChecked = async (
    blob: string,
    before: Checked | undefined,
    read: Awaited<ReturnType<BlobContainer['read']>>,
    logger: Logger,
  ): Promise<Omit<Checked, 'checkedAt'>> => {
    if (read === undefined) return { known: { kind: 'none' } };
    if (read === 'unchanged' && before) return before;
    if (read === 'unchanged')
      throw new TypeError('Storage answered that a blob is unchanged, and no version was named');
    const { readDocument, formatPath } = await import('./readDocument');
    const { etag, text } = read;
    const result = readDocument(text);
    if ('document' in result) return { etag, known: { kind: 'rules', document: result.document, etag, blob } };
    const [fault] = result.faults;
    const path = fault?.path ?? [];
    const problem = `line ${result.placeOf(path).line}: ${formatPath(path)} ${fault?.message ?? ''}`;
    const known: Known = before?.known.kind === 'rules' ? before.known : { kind: 'unreadable', blob, problem };
    logger.error('rules.unreadable', { blob, etag, problem, inForce: known.kind });
    return { etag, known };
  };

  const rulesIn = (blob: string, logger: Logger): Promise<RulesInForce> => {
    const before = checked.get(blob);
    if (before && clock.now() - before.checkedAt < RECHECK_MS) return Promise.resolve(before.known);
    const running = reading.get(blob) ?? check(blob, logger).finally(() => reading.delete(blob));
    reading.set(blob, running);
    return running;
  };

  return {
    async rulesOf(tenantId, logger) {
      const own = await rulesIn(rulesBlobOf(tenantId), logger);
      return own.kind === 'none' ? rulesIn(rulesBlobOf(undefined), logger) : own;
    },
  };
}
