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
  /** `hold` waits for release() or cancel(), `drop` cuts the client's connection, a delay waits. */
  readonly action: 'hold' | 'drop' | { readonly delayMs: number };
}

export interface Fault {
  /** Resolves at the first hit (`after`: when the target has answered). Rejects if cancelled or closed before. */
  readonly reached: Promise<ProxyCall>;
  /** The calls hit so far. */
  hits(): ProxyCall[];
  /** Continues the held calls. The fault keeps hitting until its count is used up. */
  release(): void;
  /** Cuts the connections of the held calls, also of a client whose death was not noticed yet. */
  drop(): void;
  /** Hits nothing more and continues the held calls. */
  cancel(): void;
}

/** A fault from the view of one call. */
export interface ArmedFault extends Pick<FaultOptions, 'when' | 'action'> {
  /** Counts the request if it matches. Returns whether to hit it. */
  wants(call: ProxyCall): boolean;
  /** Records the hit. For a hold, resolves when the test has decided how the call ends. */
  hit(call: ProxyCall): Promise<'continue' | 'drop'>;
}

export interface FaultList {
  add(options: FaultOptions): Fault;
  /** The faults of this request, at most one before and one after. Counts the request for every fault. */
  meet(call: ProxyCall): { readonly before: ArmedFault | undefined; readonly after: ArmedFault | undefined };
  cancelAll(): void;
}

/** Keeps the faults of one proxy and decides which request meets which fault. */
export function createFaultList(): FaultList {
  const entries: { readonly fault: Fault; readonly armed: ArmedFault }[] = [];
  return {
    add(options) {
      const entry = createFault(options);
      entries.push(entry);
      return entry.fault;
    },
    meet(call) {
      const wanted = entries.map(({ armed }) => armed).filter((armed) => armed.wants(call));
      const first = (when: FaultOptions['when']) => wanted.find((armed) => armed.when === when);
      return { before: first('before'), after: first('after') };
    },
    cancelAll() {
      for (const { fault } of entries.splice(0)) fault.cancel();
    },
  };
}

function createFault({ match, nth = 1, count = 1, when, action }: FaultOptions) {
  let seen = 0;
  let cancelled = false;
  const hits: ProxyCall[] = [];
  const held = new Set<(how: 'continue' | 'drop') => void>();
  let reach: (call: ProxyCall) => void = () => undefined;
  let refuse: (error: Error) => void = () => undefined;
  const reached = new Promise<ProxyCall>((resolve, reject) => {
    reach = resolve;
    refuse = reject;
  });
  // A cancelled fault that nobody waits for must not end the process.
  reached.catch(() => undefined);

  const end = (how: 'continue' | 'drop'): void => {
    for (const resolve of held) resolve(how);
    held.clear();
  };
  const armed: ArmedFault = {
    when,
    action,
    wants(call) {
      if (cancelled || !match(call)) return false;
      seen += 1;
      return seen >= nth && seen < nth + count;
    },
    hit(call) {
      hits.push(call);
      reach(call);
      if (action !== 'hold' || cancelled) return Promise.resolve('continue');
      return new Promise((resolve) => held.add(resolve));
    },
  };
  const fault: Fault = {
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
  return { fault, armed };
}
