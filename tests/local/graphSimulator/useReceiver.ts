import { startHarness, startReceiver } from './harness';
import type { Harness, Receiver } from './harness';

/** Starts a simulator and a receiver for the tests of a file, gives them to `take`, and resets both before each test. */
export function useReceiver(take: (harness: Harness, receiver: Receiver) => void): void {
  let harness: Harness;
  let receiver: Receiver;
  beforeAll(async () => {
    harness = await startHarness();
    receiver = await startReceiver();
    take(harness, receiver);
  });
  afterAll(async () => {
    await harness.simulator.close();
    await receiver.close();
  });
  beforeEach(async () => {
    harness.clock.aheadMs = 0;
    await harness.control.reset();
    receiver.reset();
  });
}
