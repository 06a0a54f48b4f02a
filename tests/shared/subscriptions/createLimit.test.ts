import { createLimit } from '../../../shared/subscriptions/createLimit';

describe('createLimit', () => {
  it('runs so much at a time, in the order of the calls', async () => {
    const limit = createLimit(2);
    const order: number[] = [];
    let underWay = 0;
    let most = 0;
    await Promise.all(
      [1, 2, 3, 4, 5].map((n) =>
        limit(async () => {
          order.push(n);
          underWay += 1;
          most = Math.max(most, underWay);
          await new Promise(setImmediate);
          underWay -= 1;
        }),
      ),
    );
    expect({ order, most }).toEqual({ order: [1, 2, 3, 4, 5], most: 2 });
  });

  it('gives the place on after a failure', async () => {
    const limit = createLimit(1);
    const failed = limit(() => Promise.reject(new Error('down')));
    const next = limit(() => Promise.resolve('done'));
    await expect(failed).rejects.toThrow('down');
    expect(await next).toBe('done');
    expect(await limit(() => Promise.resolve('again'))).toBe('again');
  });
});
