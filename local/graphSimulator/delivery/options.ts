import { z } from 'zod';

const flag = z.boolean().default(false);
const figure = (normally: number) => z.number().nonnegative().default(normally);

/**
 * How notifications reach the receiver; all of it can be changed while running. Times in milliseconds. The defaults are
 * the documented figures (concepts/change-notifications-delivery-webhooks.md), with quick retries for a local run.
 */
export const deliveryOptionsSchema = z.strictObject({
  /** Items for one URL that arise within this time share a POST. */
  batchWindowMs: figure(20),
  /** Wait before the first attempt. */
  delayMs: figure(0),
  /** Share of items that are never sent. */
  lossRate: figure(0),
  /** Share of items that are sent a second time, in another POST. */
  duplicateRate: figure(0),
  /** So many of the next items are never sent, or are sent twice. Each counts down. */
  loseNext: figure(0),
  duplicateNext: figure(0),
  /** Every item is sent exactly twice, in two POSTs. */
  duplicateEach: flag,
  /** Every item occurs twice in its POST. */
  duplicateInSamePost: flag,
  /** Items within a POST, and POSTs among each other, go in random order. */
  reorder: flag,
  /** Multiplies the wait before each retry. */
  retryScale: figure(1),
});

export type DeliveryOptions = z.output<typeof deliveryOptionsSchema>;

const RETRY_FIRST_MS = 500;
const RETRY_MAX_MS = 600_000;

/** Wait before the n-th retry (the first is 1): doubled each time up to ten minutes, then scaled. */
export function retryDelayMs({ retryScale }: Pick<DeliveryOptions, 'retryScale'>, retry: number): number {
  return Math.min(RETRY_FIRST_MS * 2 ** (retry - 1), RETRY_MAX_MS) * retryScale;
}

/** One change or lifecycle notification for one subscription. */
export interface DeliveryItem {
  subscriptionId: string;
  tenantId: string;
  appId: string;
  url: string;
  printerId?: string;
  jobId?: string;
  taskId?: string;
  body: Record<string, unknown>;
}

/** One attempt at a POST, or an item that was lost on purpose (`status` null, `attempt` 0). */
export interface DeliveryAttempt {
  /** From 1, in the order in which attempts ended. */
  n: number;
  post: number;
  attempt: number;
  url: string;
  at: number;
  items: Omit<DeliveryItem, 'body' | 'url'>[];
  status: number | null;
  answerMs: number;
  outcome: 'accepted' | 'retrying' | 'gaveUp' | 'lost';
  error?: string;
}
