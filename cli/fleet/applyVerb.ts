import { TRIGGER_PERMISSIONS } from '../../shared/graph/api/taskTriggers';
import { usageError } from '../arguments';
import type { CliContext } from '../context';
import { requireActive } from '../requireActive';
import { applyPlan, countSteps, type Applied } from './apply';
import { applyFile } from './applyFile';
import { takenPrinters, type FleetPlan } from './fleetPlan';
import { settlingOf } from './observe';
import { planFleet } from './plan';
import { openFleet, readFleet, type OpenedFleet } from './readFleet';
import { agree, openRun, reportApplied, type ApplyOptions } from './planRun';
import { createSteps } from './steps';
import { requireFleetDocument } from './storedFleet';

/** `fleet apply`: shows the plan, asks, carries it out, and lists what is left. With a file, only its triggers. */
export async function applyVerb(context: CliContext, file: string | undefined, options: ApplyOptions): Promise<void> {
  const { tenant: tenantId } = options;
  if (file !== undefined) return applyFile(context, file, options);
  if (tenantId === undefined) throw usageError('fleet apply needs --tenant, or a file of fleet plan --out');
  const document = await requireFleetDocument(context, tenantId);
  await requireActive(context, tenantId);
  const opened = await openFleet(context, tenantId, TRIGGER_PERMISSIONS.write, options);
  const fleet = await readFleet(context, opened, { triggers: document.jobStarted !== undefined });
  const plan = planFleet(document, fleet);
  if (!(await agree(context, { plan, tenantId }, options))) return;
  const applied = await carryOut(context, opened, { plan, printerSettlesAt: settlingOf(fleet.printers) });
  const steps = countSteps(plan);
  const taken = takenPrinters(plan).length;
  const next = `fleet apply --tenant ${tenantId}`;
  reportApplied(context, applied, { tenantId, steps, taken, json: options.json, next });
}

async function carryOut(
  context: CliContext,
  opened: OpenedFleet,
  { plan, printerSettlesAt }: { plan: FleetPlan; printerSettlesAt: (printerId: string) => number },
): Promise<Applied> {
  const { interruption, clock, onWait, onProgress } = openRun(context, opened.waits);
  const subscriptions = { ...(await (await context.services()).subscriptions()), logger: context.logger };
  const steps = createSteps({ opened, subscriptions, clock, onWait, printerSettlesAt });
  const applied = await applyPlan({ steps, interruption, onProgress }, plan);
  context.terminal.status(undefined);
  return applied;
}
