import fc from 'fast-check';
import { applyPlan, countSteps, type FleetSteps } from '../../../cli/fleet/apply';
import type { FleetDocument } from '../../../cli/fleet/document';
import { isEmptyPlan } from '../../../cli/fleet/fleetPlan';
import { planFleet } from '../../../cli/fleet/plan';
import { createFleetModel, type FleetState } from '../../support/createFleetModel';
import { graphError } from '../../support/createFakeGraph';

const DEFINITIONS = ['ours-1', 'ours-2', 'ours-3'];
const PRINTERS = ['p1', 'p2', 'p3', 'p4', 'p5', 'p6'];
const NEVER = new AbortController().signal;

/** Customers with triggers of this app, of others and of hidden definitions, and watches that are live, dead or of gone printers. */
const states: fc.Arbitrary<FleetState> = fc
  .record({
    definitions: fc.subarray(DEFINITIONS),
    bound: fc.array(fc.constantFrom(undefined, ...DEFINITIONS, 'other', 'hidden'), { minLength: 6, maxLength: 6 }),
    watched: fc.subarray([...DEFINITIONS, ...PRINTERS, 'gone'].flatMap((id) => [`${id} live`, `${id} dead`])),
  })
  .map(({ definitions, bound, watched }) => ({
    definitions: definitions.map((id) => ({ id, name: `Name of ${id}` })),
    printers: PRINTERS.map((id, index) => {
      const to = bound[index];
      const trigger = { id: `t-${id}`, definitionId: to === 'hidden' ? undefined : to };
      return { id, name: `Printer ${id}`, ...(to === undefined ? {} : { trigger }) };
    }),
    watches: watched.map((text) => {
      const [id = '', state] = text.split(' ');
      return { kind: DEFINITIONS.includes(id) ? 'jobStarted' : 'jobFetchable', id, isLive: state === 'live' };
    }),
  }));

const selections = fc.record({ include: fc.subarray(['*', ...PRINTERS]), exclude: fc.subarray(PRINTERS) });
const documents: fc.Arbitrary<FleetDocument> = fc.record(
  {
    version: fc.constant(1 as const),
    jobStarted: fc.array(
      fc.record({ definition: fc.constantFrom('Name of ours-1', 'name of OURS-2', 'New'), printers: selections }),
      { maxLength: 3 },
    ),
    jobFetchable: fc.record({ printers: selections }),
  },
  { requiredKeys: ['version'] },
);

/** The same steps, of which the `stopAfter`-th interrupts the run, and those that `fails` names by their number fail. */
function disturb(steps: FleetSteps, stopAfter: number, fails: ReadonlySet<number>) {
  const interruption = new AbortController();
  let count = 0;
  const disturbed =
    <Argument, Result>(step: (argument: Argument) => Promise<Result>) =>
    async (argument: Argument): Promise<Result> => {
      count += 1;
      const number = count;
      if (number === stopAfter) interruption.abort();
      if (fails.has(number)) throw graphError('unavailable');
      return step(argument);
    };
  return {
    steps: {
      makeDefinition: disturbed(steps.makeDefinition),
      startWatch: disturbed(steps.startWatch),
      createTrigger: disturbed(steps.createTrigger),
      deleteTrigger: disturbed(steps.deleteTrigger),
      stopWatch: disturbed(steps.stopWatch),
    },
    interruption: interruption.signal,
  };
}

describe('applying a plan', () => {
  it('converges after an interruption at any step and any failures, and touches nothing of another app', () =>
    fc.assert(
      fc.asyncProperty(
        states,
        documents,
        fc.integer({ min: 1, max: 25 }),
        fc.uniqueArray(fc.integer({ min: 1, max: 25 }), { maxLength: 4 }),
        async (state, document, stopAfter, fails) => {
          const model = createFleetModel(state);
          const foreign = model.foreign();
          const first = planFleet(document, model.observe());
          const disturbed = disturb(model.steps, stopAfter, new Set(fails));
          const applied = await applyPlan({ ...disturbed, onProgress: () => undefined }, first);
          expect(applied.done + applied.failures.length + applied.left).toBe(countSteps(first));
          const second = planFleet(document, model.observe());
          const repeated = { steps: model.steps, interruption: NEVER, onProgress: () => undefined };
          expect(await applyPlan(repeated, second)).toMatchObject({ failures: [], left: 0 });
          expect(isEmptyPlan(planFleet(document, model.observe()))).toBe(true);
          expect(model.foreign()).toEqual(foreign);
          expect(model.broken).toEqual([]);
        },
      ),
      { numRuns: 300 },
    ));

  it('leaves the triggers when the sign-in has ended, and still watches printers', async () => {
    const model = createFleetModel({
      printers: [{ id: 'p1', name: 'One' }],
      definitions: [],
      watches: [],
    });
    const document: FleetDocument = {
      version: 1,
      jobStarted: [{ definition: 'New', printers: { include: ['*'] } }],
      jobFetchable: { printers: { include: ['*'] } },
    };
    const steps: FleetSteps = { ...model.steps, createTrigger: () => Promise.reject(graphError('unauthorized')) };
    const plan = planFleet(document, model.observe());
    const applied = await applyPlan({ steps, interruption: NEVER, onProgress: () => undefined }, plan);
    expect(applied).toEqual({ done: 3, failures: [], left: 1, signInEnded: true });
    expect(model.observe().watches.map(({ kind }) => kind)).toEqual(['jobStarted', 'jobFetchable']);
  });
});
