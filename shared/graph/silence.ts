/** Remembers, in this process, whose calls Graph leaves without any answer: each holds its caller until it times out. */
export interface Silence {
  /** True from a call that got no answer at all until Graph answers a call of this tenant, with any status. */
  isSilent(tenantId: string): boolean;
  /** A call of this tenant has ended, and none of its tries was answered. */
  unanswered(tenantId: string): void;
  /** Graph has answered this tenant, with any status. */
  answered(tenantId: string): void;
}

/** A bound on memory: beyond it the tenant that has been silent longest is asked as if nothing were known of it. */
const MOST_REMEMBERED = 1_000;

/** Nobody is silent at first, and nothing but an answer ends a silence. */
export function createSilence(): Silence {
  const silent = new Set<string>();
  return {
    isSilent: (tenantId) => silent.has(tenantId),
    unanswered(tenantId) {
      const oldest = silent.size >= MOST_REMEMBERED ? silent.keys().next().value : undefined;
      if (oldest !== undefined && !silent.has(tenantId)) silent.delete(oldest);
      silent.add(tenantId);
    },
    answered: (tenantId) => void silent.delete(tenantId),
  };
}
