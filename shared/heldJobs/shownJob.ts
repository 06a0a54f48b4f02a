import type { HeldJob, Wish } from '../jobs/wishes';
import { isRecord } from '../parse';

/** Copies and colour of a job, as far as Graph gave them. */
interface Printing {
  copies?: number;
  colorMode?: string;
}

/** A held job in a listing for a device: nothing about its user or its documents. */
export interface JobOfDevice extends Printing {
  key: string;
  /** When the job was created; ISO 8601. */
  time: string;
}

/** The state of a job for the vendor's backend. */
export type JobOfOperator = Omit<HeldJob, 'job' | 'wish'> &
  Printing & { tenantId: string; createdDateTime?: string; displayName?: string; createdBy?: object; wish?: ShownWish };

type ShownWish = Omit<Wish, 'printerId' | 'by'> & { printer?: string; by?: string };

export function listedForDevice({ key, firstSeenAt, job = {} }: HeldJob): JobOfDevice {
  const { createdDateTime } = job;
  return { key, time: typeof createdDateTime === 'string' ? createdDateTime : firstSeenAt, ...printingOf(job) };
}

/** The state of one job for a device. Who stored its wish is not shown. */
export function shownToDevice(held: HeldJob) {
  const { status, outcome, heldUntil, lastRefusal, wish } = held;
  const { by: _by, ...shown } = wish ? shownWish(wish) : {};
  return {
    ...listedForDevice(held),
    status,
    ...(outcome === undefined ? {} : { outcome }),
    ...(heldUntil === undefined ? {} : { heldUntil }),
    ...(wish ? { wish: shown } : {}),
    ...(lastRefusal === undefined ? {} : { lastRefusal }),
  };
}

export function listedForOperator(tenantId: string, { job = {}, wish, ...state }: HeldJob): JobOfOperator {
  const { createdDateTime, displayName, createdBy } = job;
  return {
    tenantId,
    ...state,
    ...(typeof createdDateTime === 'string' ? { createdDateTime } : {}),
    ...(typeof displayName === 'string' ? { displayName } : {}),
    ...(isRecord(createdBy) ? { createdBy } : {}),
    ...printingOf(job),
    ...(wish ? { wish: shownWish(wish) } : {}),
  };
}

/** The state of one job with the printJob itself. */
export function shownToOperator(tenantId: string, held: HeldJob): JobOfOperator & Pick<HeldJob, 'job'> {
  const { job } = held;
  return { ...listedForOperator(tenantId, held), ...(job ? { job } : {}) };
}

function shownWish({ printerId, ...wish }: Wish): ShownWish {
  return { ...wish, ...(printerId === undefined ? {} : { printer: printerId }) };
}

function printingOf({ configuration }: Readonly<Record<string, unknown>>): Printing {
  const { copies, colorMode } = isRecord(configuration) ? configuration : {};
  return {
    ...(typeof copies === 'number' ? { copies } : {}),
    ...(typeof colorMode === 'string' ? { colorMode } : {}),
  };
}
