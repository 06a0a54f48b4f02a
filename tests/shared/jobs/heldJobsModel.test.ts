import fc from 'fast-check';
import { createHeldJobModel, createSharedMemory, TARGET, type HeldJobModel } from '../../support/createHeldJobModel';
import { DEFINITION, TASK, TENANT } from '../../support/createJobWorker';

/*
 * One job under one rule. fast-check chooses what happens to it and in which order: deliveries, repeats, deaths between any two
 * calls, wishes, refusals, lost answers, a queue of events that refuses, a user who cancels, time that passes, and the timers. The promises of
 * docs/decisions/0020-acting-on-jobs.md hold after each step, and once messages are delivered and time has passed.
 */

const ID = `${TENANT}/jobStarted_${DEFINITION}_${TASK}`;
const MINUTE = 60_000;
const HOLD_MS = 4 * 60 * MINUTE;
const TASK_DEADLINE_MS = 15 * MINUTE;

const hold = fc.constantFrom('release', 'abort').map((end) => ({ hold: { for: '4h', else: end } }));
const rule = fc.oneof(
  { weight: 5, arbitrary: hold },
  { weight: 2, arbitrary: hold.map((then) => ({ ...then, configure: { copies: 2 } })) },
  fc.constantFrom<object>(
    { release: {}, configure: { copies: 2 } },
    { redirect: { printer: TARGET } },
    { abort: { reason: 'Too many copies' } },
  ),
);
const death = fc.record({ call: fc.integer({ min: 1, max: 14 }), when: fc.constantFrom('before', 'after') });
const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ act: fc.constant('deliver'), death: fc.option(death, { nil: undefined }) }) },
  {
    weight: 4,
    arbitrary: fc.record({
      act: fc.constant('wish'),
      action: fc.constantFrom('release', 'redirect', 'abort'),
      target: fc.constantFrom('known', 'gone'),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      act: fc.constant('trouble'),
      kind: fc.constantFrom('lostAnswer', 'late', 'refused', 'unavailable'),
    }),
  },
  { weight: 2, arbitrary: fc.record({ act: fc.constant('refuseEvents'), isRefusing: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ act: fc.constant('cancel'), endsTask: fc.boolean() }) },
  {
    weight: 4,
    arbitrary: fc.record({
      act: fc.constant('pass'),
      ms: fc.constantFrom(1_000, 31_000, 2 * MINUTE, 11 * MINUTE, TASK_DEADLINE_MS, HOLD_MS),
    }),
  },
  { weight: 3, arbitrary: fc.record({ act: fc.constantFrom('notify', 'recover', 'sweep') }) },
);
type Step = typeof step extends fc.Arbitrary<infer One> ? One : never;

async function perform(model: HeldJobModel, one: Step): Promise<void> {
  switch (one.act) {
    case 'deliver':
      return model.deliver(one.death);
    case 'wish':
      return model.wish(one.action, one.target);
    case 'trouble':
      return void model.trouble.push(one.kind);
    case 'refuseEvents':
      return model.refuseEvents(one.isRefusing);
    case 'cancel':
      return model.cancel(one.endsTask);
    case 'pass':
      return model.clock.advance(one.ms);
    case 'notify':
      return model.notify();
    case 'recover':
      return void (await model.recover());
    case 'sweep':
      return model.sweep();
  }
}

/** What holds at every moment. */
async function expectPromises(model: HeldJobModel): Promise<void> {
  expect(model.effects.length).toBeLessThanOrEqual(1);
  expect([...model.sent].length).toBeLessThanOrEqual(1);
  const ids = model.events().map(({ id }) => id);
  // A death between the send of an event and its record repeats it.
  expect(ids.filter((id, index) => id !== ids[index - 1])).toEqual([ID, `${ID}/end`].slice(0, new Set(ids).size));
  const { found, expected } = await model.index();
  expect(found).toEqual(expected);
}

/** Time passes without trouble, while the timers and the sweep run and messages are delivered. */
async function pass(model: HeldJobModel, { minutes, every }: { minutes: number; every: number }): Promise<void> {
  for (let passed = 0; passed < minutes; passed += every) {
    model.clock.advance(every * MINUTE);
    await model.recover();
    if (passed % 10 === 0) await model.sweep();
    await model.deliver();
    // A message that a run has sent at once.
    await model.deliver();
    await expectPromises(model);
  }
}

const OUTCOMES = { release: 'released', redirect: 'redirected', abort: 'aborted' };

test('a job has one effect and its events in order, its index fits its row, no wish is forgotten, and no task stays open', async () => {
  const seen = new Map<string, number>();
  const memory = createSharedMemory();
  await fc.assert(
    fc.asyncProperty(
      rule,
      fc.constantFrom<'release' | 'abort'>('release', 'abort'),
      fc.array(step, { minLength: 3, maxLength: 25 }),
      async (then, onFailure, steps) => {
        const model = await createHeldJobModel(then, onFailure, memory);
        await model.notify();
        await model.deliver();
        await expectPromises(model);
        for (const one of steps) {
          await perform(model, one);
          await expectPromises(model);
        }
        model.trouble.length = 0;
        model.refuseEvents(false);
        // Dead processes, lost leases and waits of an outage are over within half an hour.
        await pass(model, { minutes: 30, every: 5 });
        const held = await model.row();
        const leftMs = held?.status === 'held' ? Date.parse(held.heldUntil ?? '') - model.clock.now() : 0;
        if (leftMs > MINUTE) model.clock.advance(leftMs - MINUTE);
        await pass(model, { minutes: 1 + TASK_DEADLINE_MS / MINUTE, every: 2 });
        expect(model.task()).not.toBe('processing');
        const row = await model.row();
        expect(row?.status).toBe('done');
        const [first, end] = [ID, `${ID}/end`].map((id) => model.events().find((event) => event.id === id)?.outcome);
        expect(end ?? first).toBe(row?.outcome);
        expect(first === 'held').toBe(end !== undefined);
        for (const wish of model.accepted) {
          const wasCarriedOut = row?.by === wish.by && row.outcome === OUTCOMES[wish.action];
          const wasRefused = model.logger.events.some(
            ({ event, action }) => event === 'job.wishRefused' && action === wish.action,
          );
          const hadEnded = row?.outcome === 'ended' || wish.at >= Date.parse(row?.heldUntil ?? '');
          expect([wish, wasCarriedOut || wasRefused || hadEnded]).toEqual([wish, true]);
        }
        const words = [...new Set([`first ${String(first)}`, `end ${String(end)}`])];
        for (const word of words) seen.set(word, (seen.get(word) ?? 0) + 1);
      },
    ),
    { numRuns: 200 },
  );
  // Otherwise the runs have tested little.
  for (const outcome of ['released', 'redirected', 'aborted', 'deadline', 'ended']) {
    expect([outcome, (seen.get(`end ${outcome}`) ?? 0) > 0]).toEqual([outcome, true]);
  }
}, 60_000);
