import { eachBounded } from '../../../shared/subscriptions/eachBounded';

describe('eachBounded', () => {
  it('works on every item with no more than the limit under way', async () => {
    let underWay = 0;
    let most = 0;
    const done: number[] = [];
    await eachBounded(3, [1, 2, 3, 4, 5, 6, 7], async (item) => {
      underWay += 1;
      most = Math.max(most, underWay);
      await Promise.resolve();
      underWay -= 1;
      done.push(item);
    });
    expect(done.sort()).toEqual([1, 2, 3, 4, 5, 6, 7]);
    expect(most).toBe(3);
  });

  it('ends at once without items', async () => {
    await expect(eachBounded(3, [], () => Promise.reject(new Error('no')))).resolves.toBeUndefined();
  });

  it('starts nothing new after a rejection, and throws the first one', async () => {
    const started: number[] = [];
    const working = eachBounded(2, [1, 2, 3, 4], async (item) => {
      started.push(item);
      await Promise.resolve();
      throw new Error(`item ${item}`);
    });
    await expect(working).rejects.toThrow('item 1');
    expect(started).toEqual([1, 2]);
  });
});
