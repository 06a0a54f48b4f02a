import type { Variants } from '../../local/graphSimulator/world/variants';

/** Both readings of what Graph's documentation leaves open (local/graphSimulator/README.md). */
const READINGS: { [Name in keyof Variants]?: readonly Variants[Name][] } = {
  enforce409: [true, false],
  batch424: [true, false],
  batchPartsMissing: [0, 0.001],
  expiryOverMaximum: ['reject', 'clamp'],
  patchIgnoresExpiry: [false, false, true],
  // Each PATCH then makes two handshakes, which is most of the work of such a day: one of six.
  revalidateAtRenewal: [false, false, false, false, false, true],
  handshakeToken: ['plain', 'special'],
  patchEndedTask: ['reject400', 'reject409', 'accept'],
  fetchableAfterAcquire: [false, true],
  endedTaskListedMinutes: [1440, 0],
  pageSize: [50, 5],
  resourceForm: ['plain', 'leadingSlash', 'keyForm'],
  parentUrlInNotification: [true, false],
  jobFetchableType: ['#microsoft.graph.todoTask', '#microsoft.graph.printJob'],
  validationTokens: ['none', 'v1', 'v2'],
  subscriptionTokenMinutes: [0, 90],
  holdWithoutToken: [false, true],
  expiryNoticeMinutes: [0, 120],
  lifecycleRepeatMinutes: [0, 60],
};

/** A reading of each, drawn anew for each day: in thirty days every one of them has its turn. */
export function variantsOfDay(random: () => number): Partial<Variants> {
  return Object.fromEntries(
    Object.entries(READINGS).map(([name, readings]) => [
      name,
      readings[Math.floor(random() * readings.length)],
    ]),
  );
}
