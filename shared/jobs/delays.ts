import { doublingMs } from '../backoff';
import { LONGEST_SILENCE_MS } from '../graph/errors';
import type { LedgerRow, WaitReason } from './ledgerRow';

/** Jobs do not live longer at Graph than messages in a queue do by default. Until then any outage is waited out. */
export const LONGEST_OUTAGE_MS = 7 * 24 * 60 * 60_000;

/** How long a job may stay invisible in Graph before its row is `gone`. */
export const NOT_YET_WINDOW_MS = 10 * 60_000;

/** No message waits longer: for the longest pause of a tenant, and the seconds over which its messages are spread. */
export const LONGEST_DELAY_MS = LONGEST_SILENCE_MS + 30_000;

/** How long the job of a row has waited for this reason without a break, in milliseconds. */
export function waitedFor(row: LedgerRow, reason: WaitReason, now: number): number {
  const since = row.waitReason === reason ? Date.parse(row.waitingSince ?? '') : NaN;
  return Number.isNaN(since) ? 0 : Math.max(0, now - since);
}

const BOUNDS: Record<WaitReason, [firstMs: number, longestMs: number]> = {
  notYet: [2_000, 60_000],
  outage: [15_000, 10 * 60_000],
};

/** Where Graph answers, all tries of a call fail by chance alone: the user does not wait as long for that as for an outage. */
const FIRST_LOOK_MS = 3_000;

/** Up to this part of the wait is added, so that messages deferred together do not return together. */
const SPREAD = 1 / 4;

/** The longest wait without a Retry-After. The sweep skips rows whose message returns within this time. */
export const LONGEST_OWN_WAIT_MS = BOUNDS.outage[1] * (1 + SPREAD);

/**
 * Milliseconds until a deferred message returns: half of the time it has already waited for this reason, between the
 * first delay and the longest.
 *
 * @param waitedMs how long it has waited for this reason
 * @param random 0 to 1; adds up to a quarter
 */
export function growingDelayMs(reason: WaitReason, waitedMs: number, random: number): number {
  const [first, longest] = BOUNDS[reason];
  return Math.min(longest, Math.max(first, waitedMs / 2)) * (1 + random * SPREAD);
}

/** Milliseconds until the first look after all tries of a call failed although Graph answered. `growingDelayMs` has the further ones. */
export function firstLookMs(random: number): number {
  return FIRST_LOOK_MS * (1 + random * SPREAD);
}

/**
 * Milliseconds until the next look at an open task that cannot be ended yet, such as one in a state that Graph added since. A
 * print waits for it, so a minute is the longest until the default deadline of 15 minutes. For a customer with a longer one a
 * fifteenth of the wait follows, up to ten minutes: 200 looks in a day and not 1,450.
 *
 * @param leftMs until the deadline of the task, which no wait misses
 */
export function openTaskDelayMs(waitedMs: number, leftMs: number, random: number): number {
  const grownMs = Math.min(BOUNDS.outage[1], waitedMs / 15) * (1 + random * SPREAD);
  const delayMs = Math.max(growingDelayMs('notYet', waitedMs, random), grownMs);
  return leftMs > 0 ? Math.min(delayMs, leftMs) : delayMs;
}

/**
 * Milliseconds until a message of a throttled tenant returns: never before the pause ends, spread over some seconds
 * after it.
 */
export function afterPauseMs(pauseMs: number, random: number): number {
  return pauseMs + 500 + random * Math.min(10_000, pauseMs / 4);
}

/** A little under the sweep's ten minutes and under an hour, so that a run that starts early does not skip a row. */
const SWEEP_SPACING = { firstMs: 9 * 60_000, longestMs: 55 * 60_000 };

/**
 * Milliseconds until the sweep may enqueue a row again after `times` attempts (1 or more): doubling from 9 minutes to 55.
 */
export function sweepSpacingMs(times: number): number {
  return doublingMs(SWEEP_SPACING, times);
}
