import type { Config } from '../../shared/config';
import { ReceiverError } from '../../shared/errors';
import { tryPermissions } from '../../shared/graph/api/permissions';
import { listPullPrintPrinters } from '../../shared/graph/api/pullPrintPrinters';
import type { CallGraph } from '../../shared/graph/client';
import type { RulesDocument } from '../../shared/rules/document';
import { neededPermissions, OBSERVING } from '../../shared/rules/neededPermissions';
import type { WatchKey } from '../../shared/watches/watches';
import { plural } from '../output';
import type { Finding } from './checks';

/** Microsoft Graph, as every tenant of Entra names it (permissions-reference). */
const GRAPH_APP_ID = '00000003-0000-0000-c000-000000000000';

export interface TenantDeps {
  callGraph: CallGraph;
  config: Pick<Config, 'clientId' | 'graphBaseUrl'>;
  /** The rules in force for the tenant. Undefined without rules. @throws ReceiverError */
  readRules: (tenantId: string) => Promise<RulesDocument | undefined>;
}

/** Tries the application permissions that the watches and rules of a customer need. A try changes nothing at Graph. */
export async function checkPermissions(
  { callGraph, config, readRules }: TenantDeps,
  tenantId: string,
  watched: readonly Pick<WatchKey, 'kind'>[],
): Promise<Finding> {
  const check = `permissions of ${tenantId}`;
  const rules = await readRules(tenantId);
  const ofWatches = OBSERVING.filter(
    (permission) => permission !== TASKS || watched.some(({ kind }) => kind === 'jobStarted'),
  );
  const ofRules = rules ? neededPermissions(rules).map(({ permission }) => permission) : [];
  const checks = await tryPermissions(callGraph, tenantId, [...new Set([...ofWatches, ...ofRules])]);
  const missing = checks.filter(({ state }) => state === 'missing').map(({ permission }) => permission);
  const unknown = checks.find(({ state }) => state === 'unknown');
  const consent = `tenants consent-url ${tenantId}`;
  if (missing.length > 0) {
    const remedies = [...missing.map((permission) => grantCommand(config.clientId, permission)), consent];
    return { check, state: 'failed', seen: `Not granted: ${missing.join(', ')}`, remedies };
  }
  if (unknown) {
    const detail = (unknown.detail ?? '').replace(/\.$/, '');
    const seen = `${unknown.permission} could not be tried: ${detail}`;
    // An outage or a throttled tenant says nothing about the consent.
    return unknown.retryable
      ? { check, state: 'warning', seen }
      : { check, state: 'failed', seen, remedies: [consent] };
  }
  return { check, state: 'ok', seen: checks.map(({ permission }) => permission).join(', ') };
}

const TASKS = 'PrintTaskDefinition.ReadWrite.All';

/** Adds an application permission to the app registration. The customer consents to it afterwards. */
function grantCommand(clientId: string, permission: string): string {
  const role = `$(az ad sp show --id ${GRAPH_APP_ID} --query "appRoles[?value=='${permission}'].id" --output tsv)`;
  return `az ad app permission add --id ${clientId} --api ${GRAPH_APP_ID} --api-permissions "${role}=Role"`;
}

/**
 * Warns where a watched printer is a member of a pull print printer: a job that is released there may be notified a second
 * time, and no page of Microsoft says. The app sees members only where every printer of the customer is one.
 */
export async function checkPullPrinting(
  { callGraph, config }: Pick<TenantDeps, 'callGraph' | 'config'>,
  tenantId: string,
  watched: readonly Pick<WatchKey, 'kind' | 'id'>[],
): Promise<Finding> {
  const check = `pull printing of ${tenantId}`;
  const printers = watched.filter(({ kind }) => kind === 'jobFetchable').map(({ id }) => id);
  const triggers = watched.length - printers.length;
  if (watched.length === 0) return { check, state: 'skipped', seen: 'Nothing is watched' };
  let found;
  try {
    found = await listPullPrintPrinters({ callGraph, graphBaseUrl: config.graphBaseUrl }, tenantId);
  } catch (error) {
    if (!(error instanceof ReceiverError) || !HIDDEN.includes(error.code)) throw error;
    return { check, state: 'skipped', seen: 'Cannot be seen without PullPrintPrinter.Read.All, which is optional' };
  }
  if (found.length === 0) return { check, state: 'ok', seen: 'no pull print printers' };
  const withAll = found.filter(({ includeAllPrinters }) => includeAllPrinters);
  const named = (withAll[0] ?? found[0])?.displayName ?? '';
  const members = [
    ...(printers.length === 0 ? [] : [plural(printers.length, 'watched printer')]),
    ...(triggers === 0 ? [] : [`the printers of ${plural(triggers, 'task definition')}`]),
  ].join(' and ');
  const seen =
    withAll.length > 0
      ? `Every printer is a member of the pull print printer ${named}: ${members} may notify a released job again`
      : `There ${found.length === 1 ? 'is' : 'are'} ${plural(found.length, 'pull print printer')}, such as ${named}. Only a Printer Administrator can compare their members with ${members}`;
  return { check, state: 'warning', seen };
}

/** Refusals of an optional permission, and clouds that do not have the resource. */
const HIDDEN: readonly string[] = ['graphForbidden', 'graphUnauthorized', 'graphNotFound', 'graphRejected'];
