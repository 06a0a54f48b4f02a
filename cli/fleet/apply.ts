import { eachBounded } from '../../shared/concurrency';
import { GraphError } from '../../shared/graph/errors';
import { fold } from '../resolveNames';
import type { FleetPlan, NamedDefinition, NewWatchOf, OldWatchOf, OurTrigger } from './fleetPlan';
import { describeNamed, describeWatch } from './formatPlan';

/** What carries out one step of the app. Each rejects where it could not, and may then be repeated. */
export interface AppSteps {
  /** Resolves with the id of the new definition. */
  makeDefinition: (name: string) => Promise<string>;
  /** Resolves once the watch has a live subscription. */
  startWatch: (watch: OldWatchOf) => Promise<void>;
  stopWatch: (watch: OldWatchOf) => Promise<void>;
}

/** What carries out one step of the administrator, in the same way. */
export interface TriggerSteps {
  createTrigger: (trigger: { printerId: string; definitionId: string }) => Promise<void>;
  deleteTrigger: (trigger: { printerId: string; triggerId: string }) => Promise<void>;
}

export type FleetSteps = AppSteps & TriggerSteps;

export interface ApplyDeps {
  steps: FleetSteps;
  /** Once aborted, no further step starts. Those in progress end. */
  interruption: AbortSignal;
  /** `done` steps of `total` have ended. */
  onProgress: (done: number, total: number) => void;
}

export interface FailedStep {
  /** Such as `Trigger of printer p (Reception)`. */
  step: string;
  error: unknown;
}

export interface Applied {
  done: number;
  failures: FailedStep[];
  /** Steps that were not tried: after an interruption, after the end of the sign-in, or because what they need failed. */
  left: number;
  /** The sign-in of the administrator has ended, so that no trigger can be changed. */
  signInEnded: boolean;
}

/** Triggers side by side. Graph publishes no limit for print, and a 429 pauses all of them. */
const TRIGGERS_AT_ONCE = 8;
/** Each create waits for two handshakes of the app. The steps hold the writes to Graph's limit. */
const WATCHES_AT_ONCE = 32;

/**
 * Carries out a plan: definitions, the watches of definitions, new triggers, old triggers, the watches of printers, then what
 * is to be removed. So no trigger exists at any moment whose definition has no live subscription: a new one follows the
 * subscription of its definition, and a watch is removed only after every trigger of its definition. A step that fails is
 * reported, and the others continue. Never rejects because of a step.
 */
export async function applyPlan(deps: ApplyDeps, plan: FleetPlan): Promise<Applied> {
  const { steps, interruption } = deps;
  const { definitions, triggers, watches } = plan;
  const total = countSteps(plan);
  const applied: Applied = { done: 0, failures: [], left: 0, signInEnded: false };
  /** True when the step has succeeded. */
  const attempt = async (step: string, mayStart: boolean, work: () => Promise<void>): Promise<boolean> => {
    if (!mayStart || interruption.aborted) {
      applied.left += 1;
      return false;
    }
    try {
      await work();
      applied.done += 1;
      return true;
    } catch (error) {
      // An interrupted step was waiting, and has not taken effect.
      if (interruption.aborted || error instanceof SignInEnded) applied.left += 1;
      else applied.failures.push({ step, error });
      return false;
    } finally {
      deps.onProgress(applied.done + applied.failures.length, total);
    }
  };
  const asAdministrator = (step: string, mayStart: boolean, work: () => Promise<void>) =>
    attempt(step, mayStart && !applied.signInEnded, () =>
      work().catch((error: unknown) => {
        if (!(error instanceof GraphError) || error.code !== 'graphUnauthorized') throw error;
        applied.signInEnded = true;
        throw new SignInEnded();
      }),
    );

  const made = new Map<string, string>();
  await eachBounded(1, definitions, async (name) => {
    await attempt(`Definition "${name}"`, true, async () => {
      made.set(fold(name), await steps.makeDefinition(name));
    });
  });
  const idOf = ({ id, name }: NamedDefinition) => id ?? made.get(fold(name));

  /** The definitions whose jobs the app is notified about. */
  const live = new Set(watches.keep.filter(({ kind }) => kind === 'jobStarted').map(({ id }) => id));
  const start = async (watch: NewWatchOf) => {
    const id = idOf(watch);
    const isStarted = await attempt(describeWatch(watch), id !== undefined, async () => {
      if (id !== undefined) await steps.startWatch({ ...watch, id });
    });
    if (isStarted && id !== undefined && watch.kind === 'jobStarted') live.add(id);
  };
  const ofKind = (kind: NewWatchOf['kind']) => watches.add.filter((watch) => watch.kind === kind);
  await eachBounded(WATCHES_AT_ONCE, ofKind('jobStarted'), start);

  /** The triggers of each definition that have not been deleted yet. */
  const bound = new Map<string, number>();
  const old = [...triggers.remove, ...triggers.replace.flatMap((trigger) => trigger.old)];
  for (const { definitionId } of old) bound.set(definitionId, (bound.get(definitionId) ?? 0) + 1);
  const remove = async ({ printerId, triggerId, definitionId }: OurTrigger) => {
    await steps.deleteTrigger({ printerId, triggerId });
    bound.set(definitionId, (bound.get(definitionId) ?? 0) - 1);
  };
  const replacing = [...triggers.create.map((trigger) => ({ ...trigger, old: [] })), ...triggers.replace];
  await eachBounded(TRIGGERS_AT_ONCE, replacing, async ({ printerId, name, definition, old }) => {
    const definitionId = idOf(definition);
    const isLive = definitionId !== undefined && live.has(definitionId);
    await asAdministrator(`Trigger of printer ${describeNamed(printerId, name)}`, isLive, async () => {
      for (const trigger of old) await remove(trigger);
      if (definitionId !== undefined) await steps.createTrigger({ printerId, definitionId });
    });
  });
  await eachBounded(TRIGGERS_AT_ONCE, triggers.remove, async (trigger) => {
    const step = `Trigger ${trigger.triggerId} of printer ${describeNamed(trigger.printerId, trigger.name)}`;
    await asAdministrator(step, true, () => remove(trigger));
  });
  await eachBounded(WATCHES_AT_ONCE, ofKind('jobFetchable'), start);
  await eachBounded(WATCHES_AT_ONCE, watches.remove, async (watch) => {
    const isBound = watch.kind === 'jobStarted' && (bound.get(watch.id) ?? 0) > 0;
    await attempt(describeWatch(watch), !isBound, () => steps.stopWatch(watch));
  });
  return applied;
}

/** Graph accepts the token of the administrator no longer. */
class SignInEnded extends Error {}

/** How many steps a plan has. */
export function countSteps({ definitions, triggers, watches }: FleetPlan): number {
  const { create, replace, remove } = triggers;
  const lists = [definitions, create, replace, remove, watches.add, watches.remove];
  return lists.reduce((sum, list) => sum + list.length, 0);
}
