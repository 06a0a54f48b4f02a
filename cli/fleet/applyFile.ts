import { ReceiverError } from '../../shared/errors';
import type { CallGraph } from '../../shared/graph/client';
import { TRIGGER_PERMISSIONS } from '../../shared/graph/api/taskTriggers';
import { openAdministratorGraphAt } from '../administrator';
import { usageError } from '../arguments';
import type { CliContext } from '../context';
import { readFileNamed } from '../rulesFile';
import { applyPlan, countSteps, type AppSteps } from './apply';
import { takenPrinters, type FleetPlan } from './fleetPlan';
import { readPrinters, settlingOf, type Fleet, type FleetPrinter } from './observe';
import { planFleet } from './plan';
import { parsePlanFile, type PlanFile } from './planFile';
import { createPatience, openReading } from './readFleet';
import { agree, openRun, reportApplied, type ApplyOptions } from './planRun';
import { SETTLES_MS } from './settling';
import { createTriggerSteps } from './steps';

/**
 * `fleet apply FILE`: the half that needs the customer's own administrator, without settings, storage or secrets. Lists printers
 * and triggers, then makes and deletes triggers.
 *
 * @throws ReceiverError `fleetFileInvalid`, `fleetFileExpired`, `signInFailed`
 */
export async function applyFile(context: CliContext, file: string, options: ApplyOptions): Promise<void> {
  const plan = parsePlanFile(await readFileNamed(context, file), file, context.trustedHosts);
  const { tenantId } = plan;
  if (options.tenant !== undefined && options.tenant !== tenantId) {
    throw usageError(`${file} is for tenant ${tenantId}, and --tenant names ${options.tenant}`, 'Omit --tenant.');
  }
  requireValid(context, file, plan);
  context.terminal.note(`${file} binds printers of tenant ${tenantId} to the app ${plan.clientId}.`);
  const request = { tenantId, permission: TRIGGER_PERMISSIONS.write };
  const calls = await openAdministratorGraphAt(context, plan, request, options);
  const waits = new AbortController();
  const expiry = new AbortController();
  const callGraph = createPatience(context, waits)(whileValid(calls, { context, file, plan, expiry }));
  const administrator = { graphBaseUrl: plan.graphBaseUrl, callGraph };
  const printers = await readPrinters({ administrator, ...openReading(context) }, tenantId);
  context.terminal.status(undefined);
  const changes = planTriggers(plan, printers);
  if (!(await agree(context, { plan: changes, tenantId }, options))) return;
  const run = openRun(context, waits);
  const deps = { ...run, opened: { tenantId, administrator } };
  const settling = { definition: () => settlesAt(plan), printer: settlingOf(printers) };
  const steps = { ...NO_APP_STEPS, ...createTriggerSteps(deps, settling) };
  const interruption = AbortSignal.any([run.interruption, expiry.signal]);
  const applied = await applyPlan({ ...run, steps, interruption }, changes);
  context.terminal.status(undefined);
  reportApplied(context, applied, {
    ...{ tenantId, steps: countSteps(changes), taken: takenPrinters(changes).length, json: options.json },
    ...(expiry.signal.aborted
      ? { whyLeft: `the file was valid until ${plan.validUntil}.`, next: 'ask for a new file, and apply it' }
      : { next: `fleet apply ${file}` }),
  });
}

/** What separates the triggers of the customer from those of the file. Watches are the affair of the app. */
function planTriggers(
  { definitions, jobStarted, pullPrintPrinters }: PlanFile,
  printers: readonly FleetPrinter[],
): FleetPlan {
  const fleet: Fleet = {
    printers,
    definitions,
    watches: jobStarted.map(({ definitionId }) => ({
      ...{ kind: 'jobStarted', id: definitionId, name: '', isLive: true, isWanted: true },
    })),
    pullPrintPrinters: pullPrintPrinters?.map(({ id, name }) => ({ id, displayName: name })),
  };
  const entries = jobStarted.map(({ definitionId, printers: selection }) => ({
    definition: definitionId,
    printers: selection,
  }));
  const plan = planFleet({ version: 1, jobStarted: entries }, fleet);
  return { ...plan, definitions: [], watches: { add: [], remove: [], uncertain: [], keep: plan.watches.keep } };
}

/** The file does not say which definitions it is the first to use. All of them may be new to Graph. */
function settlesAt({ createdAt }: PlanFile): number {
  return Date.parse(createdAt) + SETTLES_MS;
}

/** The same calls. Once the file has expired, a write ends the run instead: a wait for Graph may have been long. */
function whileValid(callGraph: CallGraph, { context, file, plan, expiry }: Validity): CallGraph {
  return async (call) => {
    if (call.method !== 'GET' && context.now() >= Date.parse(plan.validUntil)) {
      expiry.abort();
      throw expired(file, plan);
    }
    return callGraph(call);
  };
}

interface Validity {
  context: CliContext;
  file: string;
  plan: PlanFile;
  /** Aborted when the file has expired. */
  expiry: AbortController;
}

function requireValid({ now }: CliContext, file: string, plan: PlanFile): void {
  if (now() >= Date.parse(plan.validUntil)) throw expired(file, plan);
}

function expired(file: string, { validUntil }: PlanFile): ReceiverError {
  return new ReceiverError('fleetFileExpired', `${file} was valid until ${validUntil}`);
}

const notHere = () => Promise.reject(new TypeError('The plan of a file has triggers alone'));
const NO_APP_STEPS: AppSteps = { makeDefinition: notHere, startWatch: notHere, stopWatch: notHere };
