/** Stands for shared/fairness/limits.ts: no bounds but those of the host. */
import type { ALLOWANCE as Shipped } from '../../shared/fairness/limits';

export const PLACES = Infinity;
export const MOST_OF_A_TENANT_IN_HOST = Infinity;
export const MOST_OF_A_TENANT_WITH_LONG_WORK = Infinity;
export const MOST_OF_A_SLOW_TENANT = Infinity;
export const MOST_OF_A_SILENT_TENANT = Infinity;
export const ALLOWANCE: typeof Shipped = { burst: 1e9, perSecond: 1e9, dueInASecond: 1e9 };
