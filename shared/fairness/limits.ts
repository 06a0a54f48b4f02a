/** What the host runs at a time: batchSize and newBatchThreshold of host.json. A test holds them equal. */
export const PLACES = 24;

/**
 * Messages of one tenant in invocations of the host. It fetches more messages only while at most newBatchThreshold (8 in
 * host.json) are in progress. A tenant whose calls begin to hang leaves it the rest: two invocations that work on the
 * waiting queue, of which one settles. Also what a tenant may have in hand until a message of it has ended.
 */
export const MOST_OF_A_TENANT_IN_HOST = 6;

/** A tenant whose work is long although Graph answers it. The other six places are at hand for short work of others. */
export const MOST_OF_A_TENANT_WITH_LONG_WORK = 18;

/** A tenant that takes long for a message or gets some of its answers late. */
export const MOST_OF_A_SLOW_TENANT = 4;

/** Each message of a tenant whose calls get no answer has its place for 45 seconds. Eight such tenants still leave room. */
export const MOST_OF_A_SILENT_TENANT = 1;

/**
 * What one tenant may send to a triggered queue: at once, each second from then on, and of its messages with a delay those
 * that are due in the same second. The rest waits without a trigger. The platform counts hidden messages, so that two a
 * second for up to a minute add 120 / 24 = 5 instances at most.
 */
export const ALLOWANCE = { burst: 16, perSecond: 8, dueInASecond: 2 };
