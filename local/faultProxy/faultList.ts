import type { ProxyCall } from './proxyCall';

export type FaultAction =
  /** Waits for release() or cancel(), then goes on. */
  | 'hold'
  /** Cuts the client's connection without an answer. */
  | 'drop'
  | { readonly delayMs: number }
  /** Answers the client in the target's place. */
  | { readonly status: number; readonly body?: string; readonly headers?: Readonly<Record<string, string>> };

export interface FaultOptions {
  /** Which requests; sees them before they are forwarded, whatever `when` says. */
  readonly match: (call: ProxyCall) => boolean;
  /** The first matching request that is hit, counted from now, from 1 (the default). */
  readonly nth?: number;
  /** How many matching requests in a row are hit; 1 when absent. */
  readonly count?: number;
  /**
   * `before`: nothing has been forwarded, so nothing has taken effect.
   * `after`: the target has answered in full, and nothing of that has been passed on.
   */
  readonly when: 'before' | 'after';
  readonly action: FaultAction;
}

export interface Fault {
  /** Resolves at the first hit (for `after`: when the target has answered). Rejects when cancelled or closed before. */
  readonly reached: Promise<ProxyCall>;
  /** The calls hit so far. */
  hits(): ProxyCall[];
  /** Lets what is held go on; the fault keeps hitting until its count is used up. */
  release(): void;
  /** Cuts the connections of what is held; a client that has just died may not have been noticed yet. */
  drop(): void;
  /** Hits nothing more, and lets what is held go on. */
  cancel(): void;
}

/** A fault as one call meets it. */
export interface ArmedFault {
  readonly when: 'before' | 'after';
  readonly action: FaultAction;
  /** Reports the hit; for a hold, resolves when it is decided how it goes on. */
  hit(call: ProxyCall): Promise<'go' | 'drop'>;
}

export interface FaultList {
  add(options: FaultOptions): Fault;
  /** The faults that this request meets: at most one before and one after; counts the request for every fault. */
  meet(call: ProxyCall): { before?: ArmedFault; after?: ArmedFault };
  cancelAll(): void;
}

interface Entry {
  readonly fault: Fault;
  /** Counts the request when it matches; whether it is one to hit. */
  wants(call: ProxyCall): boolean;
  readonly armed: ArmedFault;
}

/** Keeps the faults of one proxy and decides which request meets which. */
export function createFaultList(): FaultList {
  const entries: Entry[] = [];
  return {
    add(options) {
      const entry = createEntry(options);
      entries.push(entry);
      return entry.fault;
    },
    meet(call) {
      const wanted = entries.filter((entry) => entry.wants(call)).map((entry) => entry.armed);
      const before = wanted.find(({ when }) => when === 'before');
      const after = wanted.find(({ when }) => when === 'after');
      return { ...(before && { before }), ...(after && { after }) };
    },
    cancelAll() {
      for (const { fault } of entries.splice(0)) fault.cancel();
    },
  };
}

function createEntry({ match, nth = 1, count = 1, when, action }: FaultOptions): Entry {
  let seen = 0;
  let cancelled = false;
  const hits: ProxyCall[] = [];
  const held = new Set<(how: 'go' | 'drop') => void>();
  let reach: (call: ProxyCall) => void = () => undefined;
  let refuse: (error: Error) => void = () => undefined;
  const reached = new Promise<ProxyCall>((resolve, reject) => {
    reach = resolve;
    refuse = reject;
  });
  // Not everyone waits for it, and a cancelled fault must not end the process.
  reached.catch(() => undefined);

  const end = (how: 'go' | 'drop'): void => {
    for (const resolve of held) resolve(how);
    held.clear();
  };
  return {
    wants(call) {
      if (cancelled || !match(call)) return false;
      seen += 1;
      return seen >= nth && seen < nth + count;
    },
    armed: {
      when,
      action,
      hit(call) {
        hits.push(call);
        reach(call);
        if (action !== 'hold' || cancelled) return Promise.resolve('go');
        return new Promise((resolve) => held.add(resolve));
      },
    },
    fault: {
      reached,
      hits: () => [...hits],
      release: () => end('go'),
      drop: () => end('drop'),
      cancel() {
        cancelled = true;
        refuse(new Error('The fault was cancelled before a call reached it.'));
        end('go');
      },
    },
  };
}
