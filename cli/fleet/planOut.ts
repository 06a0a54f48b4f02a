import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { ReceiverError } from '../../shared/errors';
import { isRecord } from '../../shared/parse';
import { CLOCK_SKEW_MS } from '../../shared/clock';
import { confirm, notListed } from '../arguments';
import type { CliContext } from '../context';
import { plural, warn, type JsonOption } from '../output';
import { requireActive } from '../requireActive';
import { applyPlan, countSteps, type TriggerSteps } from './apply';
import type { FleetDocument } from './document';
import { isEmptyPlan, type FleetPlan, type NamedDefinition } from './fleetPlan';
import { PLAN_HEADINGS, planRows } from './formatPlan';
import { isLive, readDefinitions, readPullPrintPrinters } from './observe';
import { findDefinition, uniqueDefinitions } from './plan';
import { formatPlanFile, type PlanFile } from './planFile';
import { createPatience } from './readFleet';
import { openRun, reportApplied } from './planRun';
import { createAppSteps } from './steps';
import { requireFleetDocument } from './storedFleet';

export interface PlanOutOptions extends JsonOption {
  tenant: string;
  out: string;
  yes?: true;
}

/** A file lies in a mailbox for a working day. The app renews each subscription every hour, to almost three days ahead. */
const LONGEST_VALID_MS = 24 * 60 * 60_000;

/**
 * `fleet plan --out FILE`: makes what triggers need, as the app, then writes the file for the customer's administrator. It needs
 * no sign-in: definitions and subscriptions take the permissions of an app alone (api/print-post-taskdefinitions.md,
 * api/subscription-post-subscriptions.md), and triggers those of a person alone (api/printer-post-tasktriggers.md).
 *
 * @throws ReceiverError `fleetNotFound`, `fleetInvalid`, `tenantNotActive`, `watchNotLive`, `fileUnreadable`
 */
export async function planOut(context: CliContext, options: PlanOutOptions): Promise<void> {
  const { terminal } = context;
  const { tenant: tenantId, out, json } = options;
  const document = await requireFleetDocument(context, tenantId);
  await requireActive(context, tenantId);
  const waits = new AbortController();
  const prepared = await prepare(context, tenantId, { document, waits });
  const { plan } = prepared;
  if (!isEmptyPlan(plan)) {
    if (!json) terminal.table(PLAN_HEADINGS, planRows(plan));
    const question = `Carry out ${plural(countSteps(plan), 'step')} for tenant ${tenantId}, then write ${out}?`;
    if (!options.yes && !(await confirm(terminal, 'fleet plan --out', question))) {
      return terminal.note('Nothing was changed.');
    }
    const applied = await carryOut(context, prepared, waits);
    if (applied.left + applied.failures.length > 0) {
      const next = `fleet plan --tenant ${tenantId} --out ${out}`;
      return reportApplied(context, applied, { tenantId, steps: countSteps(plan), json, next });
    }
  }
  const file = await describeFile(context, tenantId, prepared);
  await write(context, out, formatPlanFile(file));
  if (json) return terminal.json({ tenantId, file: out, validUntil: file.validUntil });
  terminal.print(
    `Wrote ${out}, which is valid until ${file.validUntil}. It holds no secret.`,
    `Next, a Printer Administrator of the customer runs: fleet apply ${out}`,
  );
}

interface Prepared {
  app: Parameters<typeof readDefinitions>[0];
  tenantId: string;
  entries: NonNullable<FleetDocument['jobStarted']>;
  /** Of this app. Those that the run makes are added. */
  definitions: { id: string; name: string }[];
  /** Definitions and their watches alone. */
  plan: FleetPlan;
}

async function prepare(
  context: CliContext,
  tenantId: string,
  { document, waits }: { document: FleetDocument; waits: AbortController },
): Promise<Prepared> {
  const services = await context.services();
  if (!(await (await services.tenants()).get(tenantId))) throw notListed(tenantId);
  const entries = document.jobStarted;
  if (!entries) {
    throw new ReceiverError(
      'fleetInvalid',
      'The document has no field jobStarted, so an administrator has no trigger to make',
      {
        remedy: `Add watches of printers with fleet apply --tenant ${tenantId}`,
      },
    );
  }
  const { graphBaseUrl, clientId } = await services.config();
  const app = { graphBaseUrl, clientId, callGraph: createPatience(context, waits)((await services.graph()).callGraph) };
  const definitions = await readDefinitions(app, tenantId);
  const wanted = uniqueDefinitions(entries.map(({ definition }) => findDefinition({ definitions }, definition)));
  return { app, tenantId, entries, definitions, plan: await planDefinitions(context, tenantId, wanted) };
}

async function planDefinitions(
  context: CliContext,
  tenantId: string,
  wanted: readonly NamedDefinition[],
): Promise<FleetPlan> {
  const live = await readExpiries(context, tenantId);
  const hasWatch = ({ id = '' }: NamedDefinition) => live.has(id);
  return {
    definitions: wanted.filter(({ id }) => id === undefined).map(({ name }) => name),
    triggers: { create: [], replace: [], remove: [], keep: [], otherApp: [], unknownOwner: [] },
    watches: {
      add: wanted.filter((one) => !hasWatch(one)).map((one) => ({ kind: 'jobStarted', ...one })),
      ...{ remove: [], keep: [], uncertain: [] },
    },
    pullPrintPrinters: [],
  };
}

/** When the live subscription of each definition ends, in milliseconds since 1970. */
async function readExpiries({ services, now, terminal }: CliContext, tenantId: string): Promise<Map<string, number>> {
  const found = new Map<string, number>();
  const watches = await (await services()).watches();
  for await (const { watch } of watches.list(tenantId, warn(terminal))) {
    if (watch.kind !== 'jobStarted' || !isLive(watch, now())) continue;
    found.set(watch.id, Date.parse(watch.expirationDateTime ?? ''));
  }
  return found;
}

async function carryOut(context: CliContext, { app, tenantId, definitions, plan }: Prepared, waits: AbortController) {
  const run = openRun(context, waits);
  const subscriptions = { ...(await (await context.services()).subscriptions()), logger: context.logger };
  const appSteps = createAppSteps({ ...run, subscriptions, opened: { app, tenantId } });
  const makeDefinition = async (name: string) => {
    const id = await appSteps.makeDefinition(name);
    definitions.push({ id, name });
    return id;
  };
  const applied = await applyPlan({ ...run, steps: { ...appSteps, ...NO_TRIGGER_STEPS, makeDefinition } }, plan);
  context.terminal.status(undefined);
  return applied;
}

/**
 * What the file says. It is valid for as long as Graph itself notifies the app, even if the app renews no subscription from now
 * on, and for a day at most. The clock of the administrator's machine may be behind.
 */
async function describeFile(
  context: CliContext,
  tenantId: string,
  { app, entries, definitions }: Prepared,
): Promise<PlanFile> {
  const { authorityHost, graphBaseUrl, clientId } = await (await context.services()).config();
  const expiries = await readExpiries(context, tenantId);
  const jobStarted = entries.map(({ definition, printers }) => ({
    definitionId: findDefinition({ definitions }, definition).id ?? '',
    printers,
  }));
  const endOf = ({ definitionId }: PlanFile['jobStarted'][number]) => expiries.get(definitionId) ?? -Infinity;
  const [first] = [...jobStarted].sort((a, b) => endOf(a) - endOf(b));
  const now = context.now();
  const validUntil = Math.min(now + LONGEST_VALID_MS, first ? endOf(first) - CLOCK_SKEW_MS : Infinity);
  if (first && validUntil <= now) {
    const watch = `--tenant ${tenantId} --definition ${first.definitionId}`;
    throw new ReceiverError(
      'watchNotLive',
      `The subscription of definition ${first.definitionId} ends within minutes`,
      {
        remedy: `Renew it, then repeat the command: subscriptions renew ${watch}`,
      },
    );
  }
  const pullPrint = await readPullPrintPrinters(app, tenantId);
  return {
    ...{ kind: 'fleetPlan', version: 1, createdAt: new Date(now).toISOString() },
    ...{ validUntil: new Date(validUntil).toISOString(), tenantId, clientId, authorityHost, graphBaseUrl },
    ...{ definitions, jobStarted },
    pullPrintPrinters: pullPrint?.map(({ id, displayName }) => ({ id, name: displayName })) ?? null,
  };
}

async function write({ directory }: CliContext, out: string, text: string): Promise<void> {
  try {
    await writeFile(resolve(directory, out), text);
  } catch (error) {
    const code = isRecord(error) && typeof error['code'] === 'string' ? ` (${error['code']})` : '';
    throw new ReceiverError('fileUnreadable', `${out} cannot be written${code}`, { cause: error });
  }
}

const notHere = () => Promise.reject(new TypeError('The app can change no trigger'));
const NO_TRIGGER_STEPS: TriggerSteps = { createTrigger: notHere, deleteTrigger: notHere };
