import type { Variants } from '../../local/graphSimulator/world/variants';

/** The readings of what Graph's documentation leaves open (local/graphSimulator/world/variants.ts). */
const READINGS: { [Name in keyof Variants]?: readonly Variants[Name][] } = {
  enforce409: [true, false],
  batch424: [true, false],
  batchPartsMissing: [0, 0.001],
  expiryOverMaximum: ['reject', 'clamp'],
  patchIgnoresExpiry: [false, false, true],
  // Each PATCH then needs two handshakes, which is most of the work of such a day.
  revalidateAtRenewal: [false, false, false, false, false, true],
  handshakeToken: ['plain', 'special'],
  patchEndedTask: ['reject400', 'reject409', 'accept'],
  taskDescription: ['kept', 'rewritten'],
  jobWriteWithoutTask: ['reject400', 'reject403', 'reject409'],
  manageAlone: [false, true],
  abortEndsTask: [true, false],
  cancelEndsTask: [true, false],
  abortedTask: ['releasesJob', 'abortsJob'],
  redirectShownAfterMs: [0, 10_000],
  redirectedJobState: ['canceled', 'completed', 'aborted'],
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

/**
 * Draws a set of readings for each day. Each reading of a name is drawn once, in random order, before one is drawn again:
 * six days have them all.
 */
export function createVariantDraw(random: () => number): () => Partial<Variants> {
  const left = new Map<string, unknown[]>();
  const draw = (name: string, readings: readonly unknown[]): unknown => {
    const rest = left.get(name) ?? [];
    if (rest.length === 0) rest.push(...readings);
    left.set(name, rest);
    return rest.splice(Math.floor(random() * rest.length), 1)[0];
  };
  return () => Object.fromEntries(Object.entries(READINGS).map(([name, readings]) => [name, draw(name, readings)]));
}
