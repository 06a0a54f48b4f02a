import { doublingMs } from '../../shared/backoff';
import type { Clock } from '../../shared/clock';
import { createPace } from '../../shared/concurrency';
import { ReceiverError } from '../../shared/errors';
import { GraphError } from '../../shared/graph/errors';
import { createDefinition } from '../../shared/graph/api/taskDefinitions';
import { createTrigger, deleteTrigger, listTriggers } from '../../shared/graph/api/taskTriggers';
import { removeWatch } from '../../shared/subscriptions/manage';
import type { SubscriptionDeps } from '../../shared/subscriptions/record';
import { DEFAULT_APP_NAME } from '../definitions';
import type { AppSteps, FleetSteps, TriggerSteps } from './apply';
import type { OpenedFleet } from './readFleet';
import { isNotSettled, startWatch } from './startWatch';

interface StepDeps {
  /** Whose sleeps end when the run is interrupted. */
  clock: Clock;
  /** Says what is waited for, and for how many milliseconds. */
  onWait: (what: string, ms: number) => void;
}

interface AppDeps extends StepDeps {
  opened: Pick<OpenedFleet, 'tenantId' | 'app'>;
  subscriptions: SubscriptionDeps;
}

interface TriggerDeps extends StepDeps {
  opened: Pick<OpenedFleet, 'tenantId' | 'administrator'>;
}

/** Until when a 404 or 403 may mean that Graph does not know a definition yet, in milliseconds since 1970. */
type SettlesAt = (definitionId: string) => number;

/**
 * Writes to subscriptions in 20 s. Graph allows 500 for each app and tenant (concepts/throttling-limits.md), and the timer of the
 * app renews beside this run.
 */
const WRITES = { most: 450, windowMs: 20_000 };

/** Graph may answer 404 or 403 about an object that was made a moment ago. */
const PAUSES = { firstMs: 2_000, longestMs: 60_000 };
export const SETTLES_MS = 5 * 60_000;
/** Tries of a POST whose answer was lost. Before each further one, the listing shows whether it took effect. */
const MOST_TRIES = 3;

/** The steps of a plan at Graph and in the table of watches. */
export function createSteps(deps: AppDeps & TriggerDeps): FleetSteps {
  const { settlesAt, ...ofApp } = createAppSteps(deps);
  return { ...ofApp, ...createTriggerSteps(deps, settlesAt) };
}

/** The steps that need the permissions of the app and its storage. */
export function createAppSteps(deps: AppDeps): AppSteps & { settlesAt: SettlesAt } {
  const { opened, subscriptions, clock } = deps;
  const { tenantId, app } = opened;
  const pace = createPace(clock, WRITES);
  /** When this run has made a definition, in milliseconds since 1970. */
  const madeAt = new Map<string, number>();
  const settlesAt: SettlesAt = (definitionId) => (madeAt.get(definitionId) ?? -Infinity) + SETTLES_MS;
  return {
    settlesAt,
    async makeDefinition(displayName) {
      const names = { displayName, appName: DEFAULT_APP_NAME };
      const id = (await createDefinition(app.callGraph, tenantId, names)).id.toLowerCase();
      madeAt.set(id, clock.now());
      return id;
    },
    async startWatch({ kind, id, name }) {
      const watch = { key: { tenantId, kind, id }, name, settlesAt: kind === 'jobStarted' ? settlesAt(id) : -Infinity };
      await startWatch({ subscriptions, clock, pace, onWait: deps.onWait }, watch);
    },
    async stopWatch({ kind, id }) {
      await pace(1);
      const result = await removeWatch(subscriptions, { tenantId, kind, id });
      if (result?.outcome !== 'failed') return;
      throw new ReceiverError('watchNotLive', `The subscription was not deleted: ${result.watch.lastError ?? ''}`);
    },
  };
}

/** The steps that need a signed-in Printer Administrator, and nothing else. */
export function createTriggerSteps(deps: TriggerDeps, settlesAt: SettlesAt): TriggerSteps {
  const { tenantId, administrator } = deps.opened;
  return {
    async createTrigger({ printerId, definitionId }) {
      await repeatCreate(deps, settlesAt(definitionId), async (isRepeated) => {
        const isThere = async () =>
          (await listTriggers(administrator, tenantId, printerId)).some((one) => one.definitionId === definitionId);
        if (isRepeated && (await isThere())) return;
        try {
          await createTrigger(administrator, { tenantId, printerId, definitionId });
        } catch (error) {
          if (!(error instanceof GraphError) || error.code !== 'graphConflict') throw error;
          if (!(await isThere())) throw taken(printerId, error);
        }
      });
    },
    async deleteTrigger({ printerId, triggerId }) {
      await deleteTrigger(administrator.callGraph, { tenantId, printerId, triggerId });
    },
  };
}

/** Repeats a POST while its definition is new to Graph, and a few times after an answer was lost. */
async function repeatCreate(
  { clock, onWait }: StepDeps,
  settlesAt: number,
  create: (isRepeated: boolean) => Promise<void>,
): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await create(tries > 1);
    } catch (error) {
      const isNew = isNotSettled(error) && clock.now() < settlesAt;
      const isLost = error instanceof GraphError && error.code === 'graphUnavailable' && tries < MOST_TRIES;
      if (!isNew && !isLost) throw error;
      const ms = doublingMs(PAUSES, tries);
      onWait(isNew ? 'Graph does not know the new definition yet' : 'Graph did not answer', ms);
      await clock.sleep(ms);
    }
  }
}

function taken(printerId: string, cause: GraphError): ReceiverError {
  return new ReceiverError(
    'triggerTaken',
    `Printer ${printerId} has a trigger of another app since the plan was made`,
    {
      cause,
    },
  );
}
