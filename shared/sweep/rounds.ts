import { createHash } from 'node:crypto';
import { elapsedMs } from '../clock';
import type { Tenant } from '../tenants/tenants';
import { watchRowKey, type WatchKey } from '../watches/watches';
import type { PrinterLook } from './sweepMemory';

const MINUTE_MS = 60_000;

/**
 * The minutes of one round. Each watch has one minute of a round as its own, by the hash of its name: all instances agree
 * without shared state, and a fleet of printers is spread over the round.
 */
export const ROUND_MINUTES = 10;

/** So long after a sign of trouble, quiet printers are swept once a round like all others. */
const TROUBLE_MS = 60 * MINUTE_MS;

/** A whole round that failed is repeated after so long: a little under a round, because runs start late or early. */
const REPEAT_ROUND_AFTER_MS = 9 * MINUTE_MS;

/** The minutes, since 1970, whose watches a run sweeps. */
export interface MinutesDue {
  /** At most the ten of one round, oldest first. */
  minutes: readonly number[];
  /** No earlier sweep covers the round: jobs may have been missed on every printer. */
  hasGap: boolean;
}

/** Every watch, as a person or the webhook asks for. */
export function wholeRound(now: number): MinutesDue {
  const last = Math.floor(now / MINUTE_MS);
  return { minutes: Array.from({ length: ROUND_MINUTES }, (_, n) => last - ROUND_MINUTES + 1 + n), hasGap: true };
}

/**
 * The minutes up to `now` that the sweeps of a customer have not covered: one where each run of the timer succeeds, none when
 * this minute was covered already, and the last round after runs that were missed or failed. A whole round that failed is
 * repeated once in ten minutes. The sweeps of a paused or removed customer cover its definitions alone, whatever their outcome.
 *
 * @param now milliseconds since 1970
 */
export function minutesDue(
  { status, sweptAt, sweepTriedAt }: Pick<Tenant, 'status' | 'sweptAt' | 'sweepTriedAt'>,
  now: number,
): MinutesDue {
  const whole = wholeRound(now);
  const covered = Math.floor(Date.parse((status === 'active' ? sweptAt : sweepTriedAt) ?? '') / MINUTE_MS);
  const missing = Math.floor(now / MINUTE_MS) - covered;
  // A time ahead of ours was written by a wrong clock.
  if (missing >= 0 && missing < ROUND_MINUTES) {
    return { minutes: whole.minutes.slice(ROUND_MINUTES - missing), hasGap: false };
  }
  if (elapsedMs(sweepTriedAt, now) < REPEAT_ROUND_AFTER_MS) return { minutes: [], hasGap: false };
  return { ...whole, hasGap: missing !== ROUND_MINUTES };
}

/** Whether the definitions of a customer are due. They share a minute, so that their list is read once a round. */
export function areDefinitionsDue(tenantId: string, { minutes }: Pick<MinutesDue, 'minutes'>): boolean {
  return ownMinute(hashOf(tenantId), minutes) !== undefined;
}

/**
 * Whether a watched printer is due. A busy one is due once a round. A printer that was quiet for a day is due once in the
 * whole rounds of `quietPrinterMinutes`, at a time of its own. It counts as busy where this process has not seen it quiet, as
 * after a restart, after a gap, and for an hour after a sign of trouble.
 *
 * @param look of the last sweep of this printer by this process
 * @param now milliseconds since 1970
 */
export function isPrinterDue(
  watch: WatchKey,
  tenant: Pick<Tenant, 'quietPrinterMinutes' | 'troubleAt'>,
  { minutes, hasGap }: MinutesDue,
  look: PrinterLook | undefined,
  now: number,
): boolean {
  const hash = hashOf(`${watch.tenantId}/${watchRowKey(watch)}`);
  const minute = ownMinute(hash, minutes);
  if (minute === undefined) return false;
  if (!look?.isQuiet || hasGap || elapsedMs(tenant.troubleAt, now) < TROUBLE_MS) return true;
  const rounds = Math.max(1, Math.floor(tenant.quietPrinterMinutes / ROUND_MINUTES));
  const isOwnRound = Math.floor(minute / ROUND_MINUTES) % rounds === Math.floor(hash / ROUND_MINUTES) % rounds;
  return isOwnRound || minute - look.minute >= rounds * ROUND_MINUTES;
}

/** @param at milliseconds since 1970 */
export function minuteOf(at: number): number {
  return Math.floor(at / MINUTE_MS);
}

function hashOf(name: string): number {
  return createHash('sha256').update(name).digest().readUInt32BE();
}

function ownMinute(hash: number, minutes: readonly number[]): number | undefined {
  return minutes.find((minute) => minute % ROUND_MINUTES === hash % ROUND_MINUTES);
}
