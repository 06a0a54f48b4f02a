import type { Clock } from '../clock';
import type { WatchKey } from '../watches/watches';
import type { Access } from './access';
import { isoTime } from './claims';
import type { Ledger } from './ledger';
import type { LedgerRow } from './ledgerRow';
import { ledgerKey, watchOf, type MessageOfJob } from './message';

export interface RevokedJobDeps {
  ledger: Pick<Ledger, 'get' | 'insert'>;
  requestSweep: (watch: WatchKey, traceparent: string) => Promise<void>;
  clock: Pick<Clock, 'now'>;
}

/**
 * Keeps the job of a message whose clientState was revoked after the message had been accepted: a sweep of its watch finds it
 * at Graph. A ready job may be older than its watch. Graph does not say when a job became ready, and the older jobs of a new
 * or resumed watch have no event. So the sweep takes those alone that have a row, and the job gets one here.
 *
 * @throws errors of storage
 */
export async function keepAcceptedJob(deps: RevokedJobDeps, message: MessageOfJob, access: Access): Promise<void> {
  if (access.active || access.reason !== 'staleGeneration') return;
  const { reference, foundBy, receivedAt, traceparent } = message;
  const wasAccepted = Date.parse(receivedAt) < Date.parse(access.acceptedUntil ?? '');
  const isKept = reference.kind === 'jobFetchable' && wasAccepted && (await keepRow(deps, message));
  // A person replays it.
  if (isKept || foundBy === 'replay') await deps.requestSweep(watchOf(reference), traceparent);
}

/** False where nothing waits for a sweep: a run works on the job, or it is done. */
async function keepRow({ ledger, clock }: RevokedJobDeps, message: MessageOfJob): Promise<boolean> {
  const { reference, foundBy, receivedAt, traceparent } = message;
  const found = await ledger.get(ledgerKey(reference));
  if (found) return found.value.status === 'failed' || found.value.status === 'gone';
  const { printerId, jobId } = reference;
  const row: LedgerRow = {
    status: 'gone',
    phase: 'start',
    attempts: 0,
    firstSeenAt: isoTime(clock.now()),
    cause: 'clientStateRevoked',
    ...{ foundBy, receivedAt, traceparent },
    ...(printerId === undefined ? {} : { printerId }),
    ...(jobId === undefined ? {} : { jobId }),
  };
  return (await ledger.insert(reference, row)) !== undefined;
}
