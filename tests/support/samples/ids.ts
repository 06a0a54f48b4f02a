import type { KeyRing } from '../../../shared/config';
import { createFakeClock } from '../createFakeClock';
import { testKey } from '../testKey';

/** What all samples are about: the same ids, times and key in each run. */
export const TENANT = '10000000-0000-4000-8000-000000000001';
export const PRINTER = '20000000-0000-4000-8000-000000000001';
export const OTHER_PRINTER = '20000000-0000-4000-8000-000000000002';
export const SHARE = '30000000-0000-4000-8000-000000000001';
export const DEFINITION = '40000000-0000-4000-8000-000000000001';
export const SUBSCRIPTION = '60000000-0000-4000-8000-000000000001';
export const CLIENT_ID = '70000000-0000-4000-8000-000000000001';
export const USER = 'somebody@contoso.com';
export const TRACEPARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
export const RING: KeyRing = [{ keyId: 'k1', key: testKey(1) }];

export const taskId = (number: number) => `50000000-0000-4000-8000-00000000000${number}`;

/** The time at which all samples are written. */
export const NOW = Date.UTC(2026, 10, 28, 12);

/** @param minutes after `NOW`; ISO 8601 */
export const at = (minutes: number) => new Date(NOW + minutes * 60_000).toISOString();

export const sampleClock = () => createFakeClock(NOW);
