import { ReceiverError } from '../shared/errors';
import { findTriggers, TRIGGER_PERMISSIONS } from '../shared/graph/api/taskTriggers';
import { removeTenant } from '../shared/subscriptions/removeTenant';
import type { Watches } from '../shared/watches/watches';
import { administratorGraph } from './administratorGraph';
import type { CliContext } from './cliContext';
import { confirmed } from './confirmed';
import { notListed } from './notListed';
import { writeJson } from './output';
import { tellEvery } from './tellEvery';

export interface RemoveOptions {
  ledger?: true;
  force?: true;
  yes?: true;
  json?: true;
}

/** The verb `tenants remove`: asks, looks for triggers that would block printers, then takes what serves the tenant. */
export async function removeTenantVerb(
  context: CliContext,
  tenantId: string,
  options: RemoveOptions,
): Promise<void> {
  const { io } = context;
  const services = await context.services();
  const tenant = await (await services.tenants()).get(tenantId);
  if (!tenant) throw notListed(tenantId);
  const question = `Remove tenant ${tenantId} (${tenant.name}) with its watches and subscriptions${options.ledger ? ' and its ledger' : ''}?`;
  if (!options.yes && !(await confirmed(io, 'tenants remove', question))) {
    return io.stderr('Nothing was removed.\n');
  }
  if (!options.force) await refuseWhileTriggered(context, tenantId);
  const subscriptions = await services.subscriptions();
  const watches = countRemovals(
    subscriptions.watches,
    tellEvery(io.stderr, 20, (n) => `${n} watches removed`),
  );
  const deps = { ...subscriptions, watches, logger: context.logger };
  const removed = await removeTenant(deps, tenantId);
  if (!removed) throw notListed(tenantId);
  const ledgerRows = options.ledger
    ? await (
        await services.ledger()
      ).deleteAll(tenantId, (rows) => {
        if (rows % 1_000 < 16) io.stderr(`${rows} ledger rows deleted\n`);
      })
    : undefined;
  const { leftToLapse, failures } = removed;
  if (options.json) {
    writeJson(io.stdout, {
      tenantId,
      status: 'removed',
      ...removed,
      ...(ledgerRows === undefined ? {} : { ledgerRows }),
    });
  } else {
    io.stdout(
      `Tenant ${tenantId} (${tenant.name}) is removed, with ${removed.watches} watch(es)${ledgerRows === undefined ? '' : ` and ${ledgerRows} ledger row(s)`}.\n`,
    );
  }
  if (leftToLapse > 0) {
    io.stderr(
      `warning: ${leftToLapse} subscription(s) could not be deleted, because the consent is gone: they lapse by themselves within three days\n`,
    );
  }
  for (const { watch, error } of failures) io.stderr(`error: ${watch} is still there: ${error}\n`);
  if (failures.length > 0) context.markFailed();
}

/** The same table of watches; `tell` hears of each row that is gone how many are gone by now. */
function countRemovals(watches: Watches, tell: (removed: number) => void): Watches {
  let removed = 0;
  return {
    ...watches,
    async remove(key, etag) {
      const isGone = await watches.remove(key, etag);
      if (isGone) tell((removed += 1));
      return isGone;
    },
  };
}

async function refuseWhileTriggered(context: CliContext, tenantId: string): Promise<void> {
  const services = await context.services();
  const { graphBaseUrl } = await services.config();
  const administrator = {
    graphBaseUrl,
    callGraph: await administratorGraph(context, tenantId, TRIGGER_PERMISSIONS.read),
  };
  const app = { graphBaseUrl, callGraph: (await services.graph()).callGraph };
  // A trigger whose definition Graph does not show may be ours.
  const found = await findTriggers(
    app,
    administrator,
    tenantId,
    tellEvery(context.io.stderr, 20, (read) => `${read} printers read`),
  );
  const inTheWay = found.filter(({ ours }) => ours !== false);
  if (inTheWay.length === 0) return;
  const printers = inTheWay.map(
    ({ printerName, printerId, id }) => `${printerName} (${printerId}, trigger ${id})`,
  );
  throw new ReceiverError(
    'triggersInTheWay',
    `Jobs would wait on ${inTheWay.length} printer(s) with a trigger of this app: remove each with triggers delete, or give --force; ${printers.join('; ')}`,
  );
}
