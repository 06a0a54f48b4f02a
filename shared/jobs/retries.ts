import { doublingMs, type Doubling } from '../backoff';
import { waitEnd } from '../clock';
import { isoTime } from './claims';
import type { LedgerRow } from './ledgerRow';

export const LONGEST_ROUND_MS = 24 * 60 * 60_000;
/** A little under the ten minutes of the sweep, so that a run that starts early does not skip a row. */
const ROUND_SPACING: Doubling = { firstMs: 9 * 60_000, longestMs: LONGEST_ROUND_MS };

/** With these pauses, two and a half days: a consent or permission that was withdrawn by mistake is back by then. */
const MOST_ROUNDS = 10;

/**
 * What the row of a job says after a try that failed and that waiting cannot help: when the sweep may retry it, or that
 * retries have ended. Further tries before that time, such as the five of the host, belong to the same round.
 *
 * @param row as it was claimed
 * @param now milliseconds since 1970
 */
export function nextRound(
  { failures = 0, nextTryAt }: Pick<LedgerRow, 'failures' | 'nextTryAt'>,
  now: number,
): Pick<LedgerRow, 'failures' | 'nextTryAt' | 'retriesEndedAt'> {
  const roundEndsAt = waitEnd(nextTryAt, now, LONGEST_ROUND_MS);
  if (failures > 0 && roundEndsAt !== undefined) return { failures, nextTryAt: isoTime(roundEndsAt) };
  const rounds = failures + 1;
  if (rounds >= MOST_ROUNDS) return { failures: rounds, retriesEndedAt: isoTime(now) };
  return { failures: rounds, nextTryAt: isoTime(now + doublingMs(ROUND_SPACING, rounds)) };
}
