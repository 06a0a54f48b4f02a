import type { Command } from 'commander';
import { isDeepStrictEqual } from 'node:util';
import { ReceiverError } from '../shared/errors';
import type { RulesDocument } from '../shared/rules/document';
import { historyBlobOf, MOST_DOCUMENT_BYTES, rulesBlobOf } from '../shared/rules/storedRules';
import type { BlobContainer } from '../shared/storage/blobs';
import { nameArgument, notListed, usageError, TENANT_FLAG } from './arguments';
import { applyRules, warnOfLacking, type AppliedRules } from './applyRules';
import type { CliContext } from './context';
import { errorLines, example, JSON_HELP, plural, type JsonOption } from './output';
import { checkText, documentIn, formatFindings, readFileNamed } from './rulesFile';
import { readStored, replaceStored, withoutQuotes, type DocumentPlace } from './storedDocument';

interface TenantOption extends JsonOption {
  tenant?: string;
}

interface PushOptions extends TenantOption {
  name?: string;
  etag?: string;
}

const TENANT = '--tenant 11111111-1111-1111-1111-111111111111';
const WHOSE = 'the rules of this tenant instead of the default ones';

/** The verbs of `rules` that read and write the stored rules. */
export function storedRulesCommands(group: Command, context: CliContext): void {
  group
    .command('push')
    .description('Store a rules file. Every instance of the app applies it within a minute')
    .argument('<file>', 'the rules, a JSON file')
    .option(TENANT_FLAG, WHOSE, nameArgument)
    .option('--name <text>', 'with --tenant: name of the tenant, to confirm whose rules are replaced', nameArgument)
    .option('--etag <text>', 'ETag of the stored version that this file replaces, from rules pull or rules diff')
    .option('--json', JSON_HELP)
    .addHelpText(
      'after',
      '\nThe replaced version stays in rules/history/. onFailure is copied to the tenants that the rules apply to, and each\n' +
        'is tested for the permissions that the rules need.\n' +
        example('rules push rules.json --etag 0x8DE2C3A9F1B7C40', `rules push rules.json ${TENANT} --name Contoso`),
    )
    .action((file: string, options: PushOptions) => push(context, file, options));
  group
    .command('pull')
    .description('Print the stored rules')
    .option(TENANT_FLAG, WHOSE, nameArgument)
    .option('--json', JSON_HELP)
    .addHelpText('after', `\nThe ETag is shown on stderr, and in --json.\n${example('rules pull > rules.json')}`)
    .action((options: TenantOption) => pull(context, options));
  group
    .command('diff')
    .description('Compare a rules file with the stored rules, rule by rule')
    .argument('<file>', 'the rules, a JSON file')
    .option(TENANT_FLAG, WHOSE, nameArgument)
    .option('--json', JSON_HELP)
    .addHelpText('after', example('rules diff rules.json'))
    .action((file: string, options: TenantOption) => diff(context, file, options));
}

async function push(context: CliContext, file: string, options: PushOptions): Promise<void> {
  const { terminal, now } = context;
  const { tenant, etag, json } = options;
  const text = await readFileNamed(context, file);
  const { findings, isValid, document } = checkText(text);
  const lines = formatFindings(file, findings);
  if (!isValid || !document) throw new ReceiverError('rulesInvalid', `${file} was not stored`, { details: lines });
  for (const line of lines) terminal.warn(line);
  if (tenant !== undefined) await requireName(context, tenant, options.name);
  const { blobs, blob, stored } = await openStored(context, tenant);
  const place: DocumentPlace = {
    ...{ blob, changedCode: 'rulesChanged', compareVerb: 'rules diff' },
    historyBlob: (at) => historyBlobOf(tenant, at),
  };
  const newEtag = await replaceStored(blobs, place, { stored, text, etag, now: new Date(now()).toISOString() });
  let applied: AppliedRules;
  try {
    applied = await applyRules(context, tenant, document);
  } catch (cause) {
    throw new ReceiverError(
      'rulesNotApplied',
      `${blob} was stored with ETag ${newEtag}, but not applied to all tenants`,
      {
        details: errorLines(cause),
        remedy: `Store it again with --etag ${newEtag}, to copy onFailure to the tenants that still have another one.`,
        cause,
      },
    );
  }
  warnOfLacking(context, applied);
  const { onFailure } = document;
  if (json) return terminal.json({ blob, etag: newEtag, onFailure, ...applied });
  terminal.print(`Stored ${blob} with ETag ${newEtag}. It takes effect within a minute.`);
  if (applied.changed > 0) {
    terminal.print(`Changed onFailure to ${onFailure} for ${plural(applied.changed, 'tenant')}.`);
  }
}

async function pull(context: CliContext, { tenant, json }: TenantOption): Promise<void> {
  const { blob, stored } = await openStored(context, tenant);
  if (!stored) throw new ReceiverError('rulesNotFound', `${blob} does not exist`);
  const etag = withoutQuotes(stored.etag);
  if (json) return context.terminal.json({ blob, etag, text: stored.text });
  // A terminal escapes tabs and byte order marks, and the output is JSON only without them.
  const text = stored.text
    .replace(/^\uFEFF/, '')
    .replaceAll('\t', '  ')
    .trimEnd();
  context.terminal.content(...text.split(/\r?\n/));
  context.terminal.note(`${blob} has ETag ${etag}`);
}

async function diff(context: CliContext, file: string, { tenant, json }: TenantOption): Promise<void> {
  const { terminal } = context;
  const after = documentIn(await readFileNamed(context, file), file);
  const { blob, stored } = await openStored(context, tenant);
  const differences = findDifferences(stored && documentIn(stored.text, blob), after);
  const etag = stored && withoutQuotes(stored.etag);
  if (json) return terminal.json({ blob, etag, differences });
  if (differences.length === 0) terminal.print(`${file} has the same rules as ${blob}.`);
  else
    terminal.table(
      ['change', 'what'],
      differences.map(({ change, what }) => [change, what]),
    );
  terminal.note(etag === undefined ? `${blob} does not exist` : `${blob} has ETag ${etag}`);
}

interface Difference {
  change: 'added' | 'removed' | 'changed' | 'moved';
  what: string;
}

/** The rules by name, and the other fields of the document, that differ. */
function findDifferences(before: RulesDocument | undefined, after: RulesDocument): Difference[] {
  const [old, young] = [before?.rules ?? [], after.rules];
  const isIn = (rules: RulesDocument['rules'], name: string) => rules.some((rule) => rule.name === name);
  const stayed = old.filter(({ name }) => isIn(young, name));
  const order = young.filter(({ name }) => isIn(old, name));
  const changeOf = (rule: RulesDocument['rules'][number]): Difference['change'] | undefined => {
    const was = old.find(({ name }) => name === rule.name);
    if (!was) return 'added';
    if (!isDeepStrictEqual(was, rule)) return 'changed';
    return stayed[order.indexOf(rule)]?.name === rule.name ? undefined : 'moved';
  };
  const fields = (['onFailure', 'lists', 'virtualPrinters'] as const).filter(
    (field) => before !== undefined && !isDeepStrictEqual(before[field], after[field]),
  );
  return [
    ...fields.map((field): Difference => ({ change: 'changed', what: field })),
    ...old
      .filter(({ name }) => !isIn(young, name))
      .map(({ name }): Difference => ({ change: 'removed', what: ruleNamed(name) })),
    ...young.flatMap((rule): Difference[] => {
      const change = changeOf(rule);
      return change === undefined ? [] : [{ change, what: ruleNamed(rule.name) }];
    }),
  ];
}

function ruleNamed(name: string): string {
  return `rule "${name}"`;
}

/** The stored rules of a tenant, or the default ones, as they are now. */
async function openStored({ services }: CliContext, tenantId: string | undefined) {
  const blobs: BlobContainer = await (await services()).configBlobs();
  const blob = rulesBlobOf(tenantId);
  return { blobs, blob, stored: await readStored(blobs, blob, MOST_DOCUMENT_BYTES) };
}

/** Rules of one customer are never replaced by a slip in an id. */
async function requireName({ services }: CliContext, tenantId: string, name: string | undefined): Promise<void> {
  const tenant = await (await (await services()).tenants()).get(tenantId);
  if (!tenant) throw notListed(tenantId);
  if (name === tenant.name) return;
  throw usageError(
    `Tenant ${tenantId} is ${tenant.name}`,
    `To replace its rules, add --name ${JSON.stringify(tenant.name)}`,
  );
}
