/** What becomes of a message: `leave` = nothing, it stays invisible until its lease runs out. */
export type Fate = 'run' | 'delete' | 'retry' | 'poison' | 'leave';

interface Circumstances {
  readonly dequeueCount: number;
  readonly maxDequeueCount: number;
  readonly hasPoisonQueue: boolean;
}

/** Before a run: a message received too often is given up without running (QueueProcessor.cs). */
export function decideBeforeRun({ dequeueCount, maxDequeueCount, hasPoisonQueue }: Circumstances): Fate {
  if (dequeueCount <= maxDequeueCount) return 'run';
  return hasPoisonQueue ? 'poison' : 'leave';
}

/**
 * After a run: success deletes; failure goes to poison once the count has reached the maximum, else becomes visible again.
 * Without a poison queue it stays invisible, which prevents a fast endless loop (QueueProcessor.cs).
 */
export function decideAfterRun(
  ok: boolean,
  { dequeueCount, maxDequeueCount, hasPoisonQueue }: Circumstances,
): Fate {
  if (ok) return 'delete';
  if (!hasPoisonQueue) return 'leave';
  return dequeueCount >= maxDequeueCount ? 'poison' : 'retry';
}
