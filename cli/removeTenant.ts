import { ReceiverError } from '../shared/errors';
import { endHeldJobs } from '../shared/operations/endHeldJobs';
import { removeTenant } from '../shared/operations/removeTenant';
import { rulesBlobOf } from '../shared/rules/storedRules';
import type { Watches } from '../shared/watches/watches';
import type { SignInOptions } from './administrator';
import { confirm, notListed } from './arguments';
import type { CliContext } from './context';
import { fleetBlobOf } from './fleet/storedFleet';
import { plural, reportProgress, warn, type JsonOption } from './output';
import { removeDocuments } from './removeDocuments';
import { readTriggers } from './triggers';

export interface RemoveOptions extends JsonOption, SignInOptions {
  ledger?: true;
  force?: true;
  yes?: true;
}

/**
 * The verb `tenants remove`: asks for confirmation, checks that no trigger of this app would block a printer, has held jobs
 * ended, then removes the subscriptions, watches, rules, fleet document, device tokens and documents of the tenant
 * and, on request, its ledger.
 */
export async function removeTenantVerb(context: CliContext, tenantId: string, options: RemoveOptions): Promise<void> {
  const { terminal } = context;
  const services = await context.services();
  const tenant = await (await services.tenants()).get(tenantId);
  if (!tenant) throw notListed(tenantId);
  const question = `Remove tenant ${tenantId} (${tenant.name}) with its watches, subscriptions, rules, fleet document, device tokens and archived documents${options.ledger ? ' and its ledger' : ''}?`;
  if (!options.yes && !(await confirm(terminal, 'tenants remove', question))) {
    return terminal.note('Nothing was removed.');
  }
  if (!options.force) await requireNoTriggers(context, tenantId, options);
  const heldJobs = await endHeld(context, tenantId, options);
  const subscriptions = await services.subscriptions();
  const watches = countRemovals(
    subscriptions.watches,
    reportProgress(terminal, 20, (count) => `${count} watches removed`),
  );
  const removed = await removeTenant({ ...subscriptions, watches, logger: context.logger }, tenantId);
  if (!removed) throw notListed(tenantId);
  const configBlobs = await services.configBlobs();
  const rules = await configBlobs.remove(rulesBlobOf(tenantId));
  const fleet = await configBlobs.remove(fleetBlobOf(tenantId));
  const deviceTokens = await (await services.deviceTokens()).tokens.removeAll(tenantId);
  const documents = await removeDocuments(context, tenantId);
  const ledgerRows = options.ledger ? await deleteLedger(context, tenantId) : undefined;
  const { leftToLapse, failures } = removed;
  if (options.json) {
    const rows = ledgerRows === undefined ? {} : { ledgerRows };
    terminal.json({
      tenantId,
      status: 'removed',
      heldJobs,
      ...removed,
      rules,
      fleet,
      deviceTokens,
      documents,
      ...rows,
    });
  } else {
    const counts = [
      plural(removed.watches, 'watch', 'watches'),
      ...(rules ? ['its rules'] : []),
      ...(fleet ? ['its fleet document'] : []),
      ...(deviceTokens === 0 ? [] : [plural(deviceTokens, 'device token')]),
      ...(documents === 0 ? [] : [plural(documents, 'document')]),
      ...(ledgerRows === undefined ? [] : [plural(ledgerRows, 'ledger row')]),
    ];
    terminal.print(`Removed tenant ${tenantId} (${tenant.name}) with ${counts.join(' and ')}.`);
  }
  if (leftToLapse > 0) {
    terminal.warn(
      `${plural(leftToLapse, 'subscription')} could not be deleted, because the customer has withdrawn its consent. Subscriptions expire on their own within three days.`,
    );
  }
  for (const { watch, error } of failures) terminal.error(`${watch} was not removed: ${error}`);
  if (failures.length > 0) context.markFailed();
}

/**
 * Ends held jobs as at the end of their holds, while their customer is still active, so that each sends its event.
 *
 * @returns how many jobs were held
 * @throws ReceiverError `jobsStillHeld`
 */
async function endHeld(context: CliContext, tenantId: string, { force }: RemoveOptions): Promise<number> {
  const { terminal, now, sleep, userName } = context;
  const services = await context.services();
  const { jobs, randomBytes } = await services.sweep();
  const deps = { ledger: await services.ledger(), jobs, randomBytes, clock: { now, sleep } };
  const { held, left } = await endHeldJobs(deps, { tenantId, by: `cli:${userName()}` }, warn(terminal), (jobs) =>
    terminal.note(`${plural(jobs, 'job')} still held`),
  );
  if (left === 0) return held;
  const problem = `${plural(left, 'job')} of tenant ${tenantId} could not be ended within two minutes`;
  if (!force) {
    throw new ReceiverError('jobsStillHeld', problem, {
      remedy: `See why: jobs list --state held --tenant ${tenantId}, and whether the app runs. Repeat the command, or add --force.`,
    });
  }
  terminal.warn(`${problem}. The sweep ends their tasks by onFailure.`);
  return held;
}

async function deleteLedger({ terminal, services }: CliContext, tenantId: string): Promise<number> {
  const ledger = await (await services()).ledger();
  return ledger.deleteAll(tenantId, (rows) => {
    if (rows % 1_000 < 16) terminal.note(`${plural(rows, 'ledger row')} deleted`);
  });
}

/** The same table of watches, which reports the number of rows removed so far. */
function countRemovals(watches: Watches, report: (removed: number) => void): Watches {
  let removed = 0;
  return {
    ...watches,
    async remove(...removal) {
      const isRemoved = await watches.remove(...removal);
      if (isRemoved) report((removed += 1));
      return isRemoved;
    },
  };
}

async function requireNoTriggers(context: CliContext, tenantId: string, options: SignInOptions): Promise<void> {
  // A trigger whose definition Graph does not show may belong to this app.
  const blocking = (await readTriggers(context, tenantId, options)).filter(({ ours }) => ours !== false);
  if (blocking.length === 0) return;
  const verb = blocking.length === 1 ? 'has' : 'have';
  throw new ReceiverError(
    'triggersInTheWay',
    `${plural(blocking.length, 'printer')} still ${verb} a trigger of this app, and new jobs there would wait`,
    {
      remedy: 'Delete each trigger, or add --force.',
      details: blocking.map(
        ({ printerName, printerId, id }) =>
          `${printerName}: triggers delete ${id} --tenant ${tenantId} --printer ${printerId}`,
      ),
    },
  );
}
