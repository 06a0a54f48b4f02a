import type { ProxyCall } from './proxyCall';

export interface FaultOptions {
  /** Selects requests before they are forwarded, for either `when`. */
  readonly match: (call: ProxyCall) => boolean;
  /** The first matching request to hit, counted from now, from 1 (the default). */
  readonly nth?: number;
  /** How many consecutive matching requests to hit (default 1). */
  readonly count?: number;
  /**
   * `before`: nothing has been forwarded, so nothing has taken effect.
   * `after`: the target has answered in full, and the client has received nothing of it.
   */
  readonly when: 'before' | 'after';
  /** `hold` waits for release(), drop() or cancel(). `drop` cuts the client's connection. */
  readonly action: 'hold' | 'drop';
}

export interface Fault {
  /** Resolves at the first hit (`after`: when the target has answered). Rejects if cancelled or closed before. */
  readonly reached: Promise<ProxyCall>;
  /** The calls hit so far. */
  hits(): ProxyCall[];
  /** Continues the calls on hold. The fault keeps hitting until its count is used up. */
  release(): void;
  /** Cuts the connections of the calls on hold, also of a client whose death was not noticed yet. */
  drop(): void;
  /** Hits nothing more and continues the calls on hold. */
  cancel(): void;
}

/** A fault with the part that the proxy calls. */
export interface ArmedFault extends Fault, Pick<FaultOptions, 'when'> {
  /** Counts the request if it matches. Returns whether to hit it. */
  wants(call: ProxyCall): boolean;
  /** Records the hit. A hold resolves when the test has decided how the call ends, or when the client has `gone`. */
  hit(call: ProxyCall, gone: AbortSignal): Promise<'continue' | 'drop'>;
}

/** Creates a fault that counts requests from now on. */
export function createFault({ match, nth = 1, count = 1, when, action }: FaultOptions): ArmedFault {
  let seen = 0;
  let cancelled = false;
  const hits: ProxyCall[] = [];
  const onHold = new Set<(decision: 'continue' | 'drop') => void>();
  let reach: (call: ProxyCall) => void = () => undefined;
  let refuse: (error: Error) => void = () => undefined;
  const reached = new Promise<ProxyCall>((resolve, reject) => {
    reach = resolve;
    refuse = reject;
  });
  // A cancelled fault without a waiter must not end the process.
  reached.catch(() => undefined);

  const end = (decision: 'continue' | 'drop'): void => {
    for (const resolve of onHold) resolve(decision);
    onHold.clear();
  };
  return {
    when,
    wants(call) {
      if (cancelled || !match(call)) return false;
      seen += 1;
      return seen >= nth && seen < nth + count;
    },
    async hit(call, gone) {
      hits.push(call);
      reach(call);
      if (action === 'drop') return 'drop';
      if (cancelled || gone.aborted) return 'continue';
      return new Promise((resolve) => {
        onHold.add(resolve);
        gone.addEventListener('abort', () => resolve('continue'), { once: true });
      });
    },
    reached,
    hits: () => [...hits],
    release: () => end('continue'),
    drop: () => end('drop'),
    cancel() {
      cancelled = true;
      refuse(new Error('The fault was cancelled before a call reached it.'));
      end('continue');
    },
  };
}
