import { CLOCK_SKEW_MS, type Clock } from '../clock';
import { ReceiverError } from '../errors';
import { GraphError } from '../graph/errors';
import type { CallGraph } from '../graph/client';
import type { LocateJob } from '../graph/api/printerShares';
import { isRevoked, watchTag, type ClientStateRecord } from '../watches/clientState';
import type { ReadAccess } from './access';
import { requeue, type DeferDeps } from './defer';
import { afterPauseMs, growingDelayMs, LONGEST_OUTAGE_MS, NOT_YET_WINDOW_MS } from './delays';
import type { WaitReason } from './ledgerRow';
import { idsOfMessage, watchOf, type JobReference, type MessageOfJob, type MessageOfSharedJob } from './message';

export interface SharedJobDeps extends Omit<DeferDeps, 'ledger'> {
  readAccess: ReadAccess;
  /** What was revoked, by the tags of the watches. */
  readClientStates: () => Promise<ClientStateRecord | undefined>;
  callGraph: CallGraph;
  locateJob: LocateJob;
  clock: Pick<Clock, 'now'>;
}

/**
 * Names the printer of a job that a notification of JobFetchable names through a share, so that one job has one key. No
 * print waits for such a job, and the sweep finds it in the listing of its printer: a share that stays unreadable ends in poison,
 * after seven days of an outage as other jobs do. No row keeps the wait, so it begins with the arrival of the message.
 *
 * @throws GraphError when Graph refuses the share, errors of the queue
 */
export async function nameSharedJob(
  deps: SharedJobDeps,
  message: MessageOfSharedJob,
): Promise<{ message: MessageOfJob } | { outcome: 'deferred' | 'dropped' } | { poison: string }> {
  const { shared, ...rest } = message;
  const { tenantId, shareId, tag } = shared;
  const { generation } = message;
  // Its watch is not known before Graph shows the printer of the share, but its tag is.
  const record = generation === undefined ? undefined : await deps.readClientStates();
  if (record && generation !== undefined && isRevoked(record, tenantId, { tag, generation })) {
    deps.logger.warn('job.dropped', { ...idsOfMessage(message), reason: 'staleGeneration' });
    return { outcome: 'dropped' };
  }
  // No watch has the id of a share, so `unknownWatch` says that the tenant is active. Graph is asked for no other tenant.
  const access = await deps.readAccess({ tenantId, kind: 'jobFetchable', id: shareId }, undefined);
  if (!access.active && access.reason !== 'unknownWatch') {
    deps.logger.warn('job.dropped', { ...idsOfMessage(message), reason: access.reason });
    return { outcome: 'dropped' };
  }
  const receivedAt = Date.parse(message.receivedAt);
  // A message without a time would never have waited long enough.
  const waitedMs = Number.isNaN(receivedAt) ? LONGEST_OUTAGE_MS : Math.max(0, deps.clock.now() - receivedAt);
  const wait = async (reason: WaitReason, cause: string, leastMs = 0) => {
    const delayMs = Math.max(leastMs, growingDelayMs(reason, waitedMs, deps.random()));
    return { outcome: await requeue(deps, message, cause, delayMs) };
  };
  try {
    const place = await deps.locateJob(deps.callGraph, tenantId, shared);
    if (!place)
      // Another instance wrote when the message was received.
      return waitedMs < NOT_YET_WINDOW_MS + CLOCK_SKEW_MS
        ? await wait('notYet', 'shareNotFound')
        : { poison: 'shareNotFound' };
    const reference: JobReference = { kind: 'jobFetchable', tenantId, ...place };
    // The clientState was issued for one printer.
    return watchTag(watchOf(reference)) === tag ? { message: { ...rest, reference } } : { poison: 'unknownResource' };
  } catch (error) {
    if (!(error instanceof ReceiverError) || !error.retryable || error.code === 'storageUnavailable') throw error;
    if (waitedMs >= LONGEST_OUTAGE_MS) return { poison: error.code };
    const retryAfterMs = error instanceof GraphError ? error.retryAfterMs : undefined;
    return wait('outage', error.code, retryAfterMs === undefined ? 0 : afterPauseMs(retryAfterMs, deps.random()));
  }
}
