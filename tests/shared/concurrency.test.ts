import { eachBounded, createLimit, createPace, inPieces, untilAborted } from '../../shared/concurrency';
import { createFakeClock } from '../support/createFakeClock';

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

describe('untilAborted', () => {
  it('is what the work comes to when nobody aborts', async () => {
    const { signal } = new AbortController();
    await expect(untilAborted(signal, Promise.resolve(7))).resolves.toBe(7);
    await expect(untilAborted(signal, Promise.reject(new Error('x')))).rejects.toThrow('x');
  });

  it('rejects with the reason of the signal as soon as it is aborted, or was before', async () => {
    const controller = new AbortController();
    const late = new Error('late');
    const waiting = untilAborted(controller.signal, new Promise(() => undefined));
    controller.abort(late);
    await expect(waiting).rejects.toBe(late);
    await expect(untilAborted(controller.signal, Promise.reject(new Error('too')))).rejects.toBe(late);
  });
});

describe('inPieces', () => {
  async function* items(count: number): AsyncGenerator<number> {
    for (let item = 1; item <= count; item += 1) yield await Promise.resolve(item);
  }
  it.each([
    [0, []],
    [2, [[1, 2]]],
    [
      4,
      [
        [1, 2],
        [3, 4],
      ],
    ],
    [5, [[1, 2], [3, 4], [5]]],
  ])('of two, %i items', async (count, pieces) => {
    const found: number[][] = [];
    for await (const piece of inPieces(2, items(count))) found.push(piece);
    expect(found).toEqual(pieces);
  });
});
