import { createPace } from '../../shared/concurrency';
import { ReceiverError } from '../../shared/errors';
import { GraphError } from '../../shared/graph/errors';
import { createDefinition } from '../../shared/graph/api/taskDefinitions';
import { createTrigger, deleteTrigger, listTriggers } from '../../shared/graph/api/taskTriggers';
import { removeWatch } from '../../shared/subscriptions/manage';
import type { SubscriptionDeps } from '../../shared/subscriptions/record';
import { DEFAULT_APP_NAME } from '../definitions';
import type { AppSteps, FleetSteps, TriggerSteps } from './apply';
import { unlessGone } from './observe';
import type { OpenedFleet } from './readFleet';
import { repeatWhileNew, SETTLES_MS, type WaitDeps } from './settling';
import { startWatch } from './startWatch';

interface AppDeps extends WaitDeps {
  opened: Pick<OpenedFleet, 'tenantId' | 'app'>;
  subscriptions: SubscriptionDeps;
}

interface TriggerDeps extends WaitDeps {
  opened: Pick<OpenedFleet, 'tenantId' | 'administrator'>;
}

/** Until when a 404 or 403 may mean that Graph does not know an object yet, in milliseconds since 1970. */
type SettlesAt = (id: string) => number;

/**
 * Writes to subscriptions in 20 s. Graph allows 500 for each app and tenant (concepts/throttling-limits.md), and the timer of the
 * app renews beside this run.
 */
const WRITES = { most: 450, windowMs: 20_000 };

/** The steps of a plan at Graph and in the table of watches. */
export function createSteps(deps: AppDeps & TriggerDeps & { printerSettlesAt: SettlesAt }): FleetSteps {
  const { settlesAt, ...ofApp } = createAppSteps(deps);
  return { ...ofApp, ...createTriggerSteps(deps, { definition: settlesAt, printer: deps.printerSettlesAt }) };
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
export function createTriggerSteps(
  deps: TriggerDeps,
  settlesAt: { definition: SettlesAt; printer: SettlesAt },
): TriggerSteps {
  const { tenantId, administrator } = deps.opened;
  return {
    async createTrigger({ printerId, definitionId }) {
      const [ofDefinition, ofPrinter] = [settlesAt.definition(definitionId), settlesAt.printer(printerId)];
      const object = ofPrinter > ofDefinition ? 'printer' : 'definition';
      const isNew = { object, settlesAt: Math.max(ofDefinition, ofPrinter) };
      await repeatWhileNew(deps, isNew, async (isRepeated) => {
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
      const isNew = { object: 'trigger', settlesAt: deps.clock.now() + SETTLES_MS };
      await repeatWhileNew(deps, isNew, async () => {
        if (await deleteTrigger(administrator.callGraph, { tenantId, printerId, triggerId })) return;
        // 404: it has gone, or Graph does not know a trigger yet that was made a moment ago and fires all the same.
        const listed = await unlessGone(listTriggers(administrator, tenantId, printerId));
        if (listed?.some(({ id }) => id === triggerId)) throw hidden(triggerId);
      });
    },
  };
}

function hidden(triggerId: string): GraphError {
  return new GraphError('graphNotFound', `Graph lists the trigger ${triggerId}, and does not delete it`, {
    status: 404,
  });
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
