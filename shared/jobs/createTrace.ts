export type RandomBytes = (size: number) => Buffer;

const SPAN_BYTES = 8;
/** Spans are drawn in blocks: a call for each item of a large batch would cost more than checking the item. */
const SPANS_PER_BLOCK = 64;

export interface Trace {
  /** 32 hex digits: one trace per POST. */
  readonly traceId: string;
  /** The traceparent of one item: this trace, a span of its own, sampled. */
  readonly nextTraceparent: () => string;
}

/** A new trace (W3C Trace Context, version 00). Graph sends none of its own. */
export function createTrace(randomBytes: RandomBytes): Trace {
  const traceId = randomBytes(16).toString('hex');
  let block: Buffer = Buffer.alloc(0);
  let used = 0;
  return {
    traceId,
    nextTraceparent: () => {
      if (used === block.length) {
        block = randomBytes(SPAN_BYTES * SPANS_PER_BLOCK);
        used = 0;
      }
      const span = block.toString('hex', used, used + SPAN_BYTES);
      used += SPAN_BYTES;
      return `00-${traceId}-${span}-01`;
    },
  };
}
