/** Stands for shared/fairness/limits.ts: a third of the places, so that they and not the cores of this machine bound a host. */
import type { ALLOWANCE as Shipped } from '../../shared/fairness/limits';

export const PLACES = 8;
export const MOST_OF_A_TENANT_IN_HOST = 2;
export const MOST_OF_A_TENANT_WITH_LONG_WORK = 6;
export const MOST_OF_A_SLOW_TENANT = 2;
export const MOST_OF_A_SILENT_TENANT = 1;
export const ALLOWANCE: typeof Shipped = { burst: 16, perSecond: 8, dueInASecond: 2 };
