/** How notifications reach the receiver; all of it can be changed while running. Times in milliseconds. */
export interface DeliveryOptions {
  /** Items for one URL that arise within this time share a POST. */
  batchWindowMs: number;
  batchMax: number;
  /** Wait before the first attempt. */
  delayMs: number;
  /** Share of items that are never sent. */
  lossRate: number;
  /** Share of items that are sent a second time, in another POST. */
  duplicateRate: number;
  /** Every item is sent exactly twice, in two POSTs. */
  duplicateEach: boolean;
  /** Every item stands twice in its POST. */
  duplicateInSamePost: boolean;
  /** Items within a POST, and POSTs among each other, go in random order. */
  reorder: boolean;
  /** First retry after this, then doubled each time up to retryMaxMs; all multiplied by retryScale. */
  retryFirstMs: number;
  retryMaxMs: number;
  retryScale: number;
  /** After this much time of `Date` no further retry. */
  retryForMs: number;
  firstTimeoutMs: number;
  retryTimeoutMs: number;
  /** Slow and drop states begin only with so many answers in the window; 0 switches the states off. */
  statesFromAnswers: number;
}

/** The documented figures (concepts/change-notifications-delivery-webhooks.md), with quick retries for a local run. */
export function defaultDeliveryOptions(): DeliveryOptions {
  return {
    batchWindowMs: 20,
    batchMax: 100,
    delayMs: 0,
    lossRate: 0,
    duplicateRate: 0,
    duplicateEach: false,
    duplicateInSamePost: false,
    reorder: false,
    retryFirstMs: 500,
    retryMaxMs: 600_000,
    retryScale: 1,
    retryForMs: 4 * 60 * 60 * 1000,
    firstTimeoutMs: 3_000,
    retryTimeoutMs: 10_000,
    statesFromAnswers: 100,
  };
}

/** Wait before the n-th retry (the first is 1). */
export function retryDelayMs(options: DeliveryOptions, retry: number): number {
  return Math.min(options.retryFirstMs * 2 ** (retry - 1), options.retryMaxMs) * options.retryScale;
}
