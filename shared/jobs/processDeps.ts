import type { Clock } from '../clock';
import type { CallGraph, Silence, Throttle } from '../graph/client';
import type { Logger } from '../logger';
import type { Ledger } from './ledger';
import type { MessageQueue } from '../storage/queues';
import type { WatchKey } from '../watches/watches';
import type { Decide } from './decide';
import type { JobMessage } from './message';
import { ledgerRowKey, type JobReference } from './reference';
import type { ReadStanding } from './standing';
import type { TenantShare } from './tenantShare';

export interface ProcessDeps {
  ledger: Ledger;
  readStanding: ReadStanding;
  callGraph: CallGraph;
  throttle: Pick<Throttle, 'remainingMs'>;
  silence: Pick<Silence, 'isSilent'>;
  share: TenantShare;
  decide: Decide;
  queues: {
    /** print-notifications, to put a message back. */
    jobs: MessageQueue;
    /** print-job-events, the vendor's. */
    events: MessageQueue;
    /** print-notifications-poison. */
    poison: MessageQueue;
  };
  /** Asks for the renewal of this watch's subscription; asking often costs little. */
  requestRenewal: (watch: WatchKey, traceparent: string) => Promise<void>;
  clock: Pick<Clock, 'now'>;
  /** 0 to 1. */
  random: () => number;
  logger: Logger;
}

/** What became of one message. Every outcome means: the message may be deleted. */
export type ProcessOutcome =
  /** The job event was sent and recorded. */
  | 'done'
  /** The event was sent, but another run has the row; it may send the same event again. */
  | 'doneTwice'
  /** Recorded before; nothing to do. */
  | 'duplicate'
  /** Put back to wait: busy, throttled, not yet, or Graph out of order. */
  | 'postponed'
  /** Never became visible; a later notification or sweep opens it again. */
  | 'gone'
  /** Not served: the task was ended without an event. */
  | 'unservedEnded'
  /** Not served: dropped. */
  | 'dropped'
  /** Put on the poison queue for a person to look at. */
  | 'poison';

/** A message of print-notifications that names its job. */
export type MessageOfJob = Extract<JobMessage, { reference: JobReference }>;

/** How the log names a job. */
export function idsOf(reference: JobReference): { tenantId: string; key: string } {
  return { tenantId: reference.tenantId, key: ledgerRowKey(reference) };
}
