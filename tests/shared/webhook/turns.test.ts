import { createTurns } from '../../../shared/webhook/turns';
import { createFakeClock } from '../../support/createFakeClock';

/** A loop that turns when a test says so. */
function setUp() {
  const clock = createFakeClock();
  const waiting: (() => void)[] = [];
  const takeTurn = createTurns(clock, () => new Promise<void>((resolve) => waiting.push(resolve)));
  const settle = async () => {
    for (let step = 0; step < 20; step += 1) await Promise.resolve();
  };
  return {
    clock,
    takeTurn,
    settle,
    turn: async () => {
      for (const resolve of waiting.splice(0)) resolve();
      await settle();
    },
  };
}

it('lets work start at once, also several that take less than 10 ms together', async () => {
  const { takeTurn, clock } = setUp();
  const work = () => clock.advance(4);
  await takeTurn(work);
  await takeTurn(work);
  expect(await takeTurn(() => 'third')).toBe('third');
});

it('says after 10 ms that the turn is over, and lets nothing start before the event loop has turned', async () => {
  const { takeTurn, clock, turn, settle } = setUp();
  const seen = await takeTurn((isOver) => {
    const before = isOver();
    clock.advance(9);
    const late = isOver();
    clock.advance(1);
    return [before, late, isOver()];
  });
  expect(seen).toEqual([false, false, true]);
  const started = jest.fn();
  const next = takeTurn(started);
  await settle();
  expect(started).not.toHaveBeenCalled();
  await turn();
  await next;
  expect(started).toHaveBeenCalledTimes(1);
});

it('gives each body its turn in the order of asking, so that a short one does not wait for the end of long ones', async () => {
  const { takeTurn, clock, turn } = setUp();
  const order: string[] = [];
  const longBody = async (name: string) => {
    for (let part = 0; part < 3; part += 1) {
      await takeTurn(() => {
        order.push(name);
        clock.advance(10);
      });
    }
  };
  const all = Promise.all([longBody('a'), longBody('b'), takeTurn(() => void order.push('short'))]);
  for (let turns = 0; turns < 8; turns += 1) await turn();
  await all;
  expect(order).toEqual(['a', 'b', 'short', 'a', 'b', 'a', 'b']);
});

it('goes to the next work when one throws', async () => {
  const { takeTurn } = setUp();
  const broken = new Error('broken');
  const throwing = () => {
    throw broken;
  };
  await expect(takeTurn(throwing)).rejects.toBe(broken);
  expect(await takeTurn(() => 1)).toBe(1);
});
