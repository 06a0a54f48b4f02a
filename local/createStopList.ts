export interface StopList {
  /**
   * Takes note of how to stop what has just been started. When stopping has begun already, it is stopped at once and
   * this throws, so that a start under way ends too.
   */
  add(stop: () => Promise<unknown>): Promise<void>;
  /** Stops all, the last added first, even when one fails; then throws one AggregateError. May be called again. */
  stop(): Promise<void>;
}

/** Remembers what was started, to stop it in reverse order. */
export function createStopList(): StopList {
  const stops: (() => Promise<unknown>)[] = [];
  let stopping: Promise<void> | undefined;

  async function stopAll(): Promise<void> {
    const errors: unknown[] = [];
    for (const stop of stops.reverse()) {
      try {
        await stop();
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length > 0) throw new AggregateError(errors, 'Not everything could be stopped.');
  }

  return {
    async add(stop) {
      if (stopping === undefined) {
        stops.push(stop);
        return;
      }
      await stop();
      throw new Error('Stopped while starting.');
    },
    stop() {
      stopping ??= stopAll();
      return stopping;
    },
  };
}
