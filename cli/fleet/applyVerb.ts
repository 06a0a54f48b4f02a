import { TRIGGER_PERMISSIONS } from '../../shared/graph/api/taskTriggers';
import type { SignInOptions } from '../administrator';
import { confirm } from '../arguments';
import type { CliContext } from '../context';
import { requireActive } from '../requireActive';
import { errorLines, plural, type JsonOption } from '../output';
import { applyPlan, countSteps, type Applied } from './apply';
import { isEmptyPlan, takenPrinters, type FleetPlan } from './fleetPlan';
import { PLAN_HEADINGS, planRows, summarizePlan } from './formatPlan';
import { planFleet } from './plan';
import { openFleet, readFleet, type OpenedFleet } from './readFleet';
import { createSteps } from './steps';
import { requireFleetDocument } from './storedFleet';

export interface ApplyOptions extends JsonOption, SignInOptions {
  tenant: string;
  yes?: true;
}

/** `fleet apply`: shows the plan, asks, carries it out, and lists what is left. */
export async function applyVerb(context: CliContext, options: ApplyOptions): Promise<void> {
  const { terminal, markFailed } = context;
  const { tenant: tenantId, json } = options;
  const document = await requireFleetDocument(context, tenantId);
  await requireActive(context, tenantId);
  const opened = await openFleet(context, tenantId, TRIGGER_PERMISSIONS.write, options);
  const fleet = await readFleet(context, opened, { triggers: document.jobStarted !== undefined });
  const plan = planFleet(document, fleet);
  if (!json) {
    const rows = planRows(plan);
    if (rows.length > 0) terminal.table(PLAN_HEADINGS, rows);
    terminal.print(...summarizePlan(plan, tenantId));
  }
  const taken = takenPrinters(plan).length;
  if (isEmptyPlan(plan)) {
    if (json) terminal.json({ tenantId, done: 0, left: 0, failed: 0, taken });
    return;
  }
  const steps = countSteps(plan);
  const question = `Carry out ${plural(steps, 'step')} for tenant ${tenantId}?`;
  if (!options.yes && !(await confirm(terminal, 'fleet apply', question))) {
    return terminal.note('Nothing was changed.');
  }
  const applied = await carryOut(context, opened, plan);
  const { done, left, failures } = applied;
  if (json) terminal.json({ tenantId, done, left, failed: failures.length, taken });
  else terminal.print(`${plural(done, 'step')} of ${steps} done.`);
  for (const { step, error } of failures) terminal.error(`${step}: ${errorLines(error).join(' ')}`);
  if (left > 0) terminal.error(`${plural(left, 'step')} left: ${whyLeft(applied)}`);
  if (left + failures.length === 0) return;
  terminal.note(`To continue: fleet apply --tenant ${tenantId}`);
  markFailed();
}

async function carryOut(context: CliContext, opened: OpenedFleet, plan: FleetPlan): Promise<Applied> {
  const { terminal, logger, now, sleep } = context;
  const interruption = context.interruption();
  interruption.addEventListener('abort', () => opened.waits.abort());
  const clock = { now, sleep: (ms: number) => sleep(ms, interruption) };
  const subscriptions = { ...(await (await context.services()).subscriptions()), logger };
  const steps = createSteps({
    ...{ opened, subscriptions, clock },
    onWait: (what, ms) => terminal.status(`${what}. Next try in ${Math.ceil(ms / 1_000)} s.`),
  });
  const onProgress = (done: number, total: number) => terminal.status(`${done} of ${total} steps done.`);
  const applied = await applyPlan({ steps, interruption, onProgress }, plan);
  terminal.status(undefined);
  return applied;
}

function whyLeft({ signInEnded, failures }: Applied): string {
  if (signInEnded) return 'the sign-in has ended, after about an hour. Sign in again with the same command.';
  return failures.length > 0 ? 'they need what failed.' : 'the command was stopped.';
}
