import type { SignInOptions } from '../administrator';
import { confirm } from '../arguments';
import type { CliContext } from '../context';
import { errorLines, plural, type JsonOption } from '../output';
import { countSteps, type Applied } from './apply';
import { isEmptyPlan, takenPrinters, type FleetPlan } from './fleetPlan';
import { PLAN_HEADINGS, planRows, summarizePlan } from './formatPlan';
import { showWait } from './readFleet';

export interface ApplyOptions extends JsonOption, SignInOptions {
  tenant?: string;
  yes?: true;
}

/** Shows a plan and asks, unless it changes nothing. False where nothing is to be done. */
export async function agree(
  { terminal }: CliContext,
  { plan, tenantId }: { plan: FleetPlan; tenantId: string },
  { json, yes }: Pick<ApplyOptions, 'json' | 'yes'>,
): Promise<boolean> {
  if (!json) {
    const rows = planRows(plan);
    if (rows.length > 0) terminal.table(PLAN_HEADINGS, rows);
    terminal.print(...summarizePlan(plan, tenantId));
  }
  if (isEmptyPlan(plan)) {
    if (json) terminal.json({ tenantId, done: 0, left: 0, failed: 0, taken: takenPrinters(plan).length });
    return false;
  }
  const question = `Carry out ${plural(countSteps(plan), 'step')} for tenant ${tenantId}?`;
  if (yes || (await confirm(terminal, 'fleet apply', question))) return true;
  terminal.note('Nothing was changed.');
  return false;
}

/** What every run of steps shares: it can be stopped, and says how far it is and what it waits for. */
export function openRun({ terminal, now, sleep, interruption: listen }: CliContext, waits: AbortController) {
  const interruption = listen();
  interruption.addEventListener('abort', () => waits.abort());
  return {
    interruption,
    clock: { now, sleep: (ms: number) => sleep(ms, interruption) },
    onWait: showWait(terminal),
    onProgress: (done: number, total: number) => terminal.status(`${done} of ${total} steps done.`),
  };
}

/** What a report names beside the outcome of the steps. */
interface ReportOptions {
  tenantId: string;
  /** How many steps the plan had. */
  steps: number;
  /** Printers in the hands of another app. Absent where the run changes no trigger. */
  taken?: number;
  json?: true | undefined;
  /** The command that continues. */
  next: string;
  /** Why steps are left, where that is neither the end of the sign-in nor a failure nor a signal. */
  whyLeft?: string | undefined;
}

/** Says what was done, lists each failure with its remedy, and what is left. Sets exit code 1 for either. */
export function reportApplied(context: CliContext, applied: Applied, options: ReportOptions): void {
  const { terminal } = context;
  const { done, left, failures } = applied;
  const { tenantId, steps, taken, json, next } = options;
  if (json) {
    terminal.json({ tenantId, done, left, failed: failures.length, ...(taken === undefined ? {} : { taken }) });
  } else terminal.print(`${plural(done, 'step')} of ${steps} done.`);
  for (const { step, error } of failures) terminal.error(`${step}: ${errorLines(error).join(' ')}`);
  if (left > 0) terminal.error(`${plural(left, 'step')} left: ${options.whyLeft ?? whyLeft(applied)}`);
  if (left + failures.length === 0) return;
  terminal.note(`To continue: ${next}`);
  context.markFailed();
}

function whyLeft({ signInEnded, failures }: Applied): string {
  if (signInEnded) return 'the sign-in has ended, after about an hour. Sign in again with the same command.';
  return failures.length > 0 ? 'they need what failed.' : 'the command was stopped.';
}
