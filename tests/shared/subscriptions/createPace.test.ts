import { createPace } from '../../../shared/subscriptions/createPace';
import { createFakeClock } from '../../support/createFakeClock';

describe('createPace', () => {
  it('lets writes start until the window is full, and then waits for the oldest to leave it', async () => {
    const clock = createFakeClock(0);
    const pace = createPace(clock, { most: 3, windowMs: 1_000 });
    await pace(2);
    clock.advance(400);
    await pace(1);
    expect(clock.now()).toBe(400);
    await pace(2);
    expect(clock.now()).toBe(1_000);
    await pace(1);
    expect(clock.now()).toBe(1_400);
  });

  it('keeps the order of calls made side by side', async () => {
    const clock = createFakeClock(0);
    const pace = createPace(clock, { most: 1, windowMs: 1_000 });
    const order: string[] = [];
    const call = async (name: string) => {
      await pace(1);
      order.push(`${name} at ${clock.now()}`);
    };
    await Promise.all([call('a'), call('b'), call('c')]);
    expect(order).toEqual(['a at 0', 'b at 1000', 'c at 2000']);
  });

  it('lets one that is larger than the limit through alone', async () => {
    const clock = createFakeClock(0);
    const pace = createPace(clock, { most: 3, windowMs: 1_000 });
    await pace(1);
    await pace(5);
    expect(clock.now()).toBe(1_000);
  });
});
