import type { Command } from 'commander';
import { ReceiverError } from '../shared/errors';
import { parseJson } from '../shared/parse';
import type { RulesDocument } from '../shared/rules/document';
import { explain, type RuleResult } from '../shared/rules/explain';
import { parseJobSource, readFacts } from '../shared/rules/facts';
import { formatPath, type Finding } from '../shared/rules/readDocument';
import { nameArgument, usageError, TENANT_FLAG } from './arguments';
import type { CliContext } from './context';
import { dryRunCommand } from './dryRun';
import { formatAction } from './formatAction';
import { example, JSON_HELP, plural, type JsonOption } from './output';
import { checkText, documentIn, formatFindings, readFileNamed } from './rulesFile';
import { readRulesInForce } from './rulesInForce';
import { storedRulesCommands } from './storedRules';

const TENANT = '11111111-1111-1111-1111-111111111111';

interface TestOptions extends JsonOption {
  job: string;
  tenant?: string;
}

/** The group `rules`: what happens to jobs. */
export function rulesCommand(group: Command, context: CliContext): void {
  group.description('Check, try and store the rules that decide what happens to jobs (docs/rules.md)');
  group
    .command('check')
    .description('Check a rules file: faults, rules that are never reached, conditions that can never hold')
    .argument('<file>', 'the rules, a JSON file')
    .option('--json', JSON_HELP)
    .addHelpText(
      'after',
      `\nExit code 1 when there are errors. Warnings alone end with 0.\n${example('rules check rules.json')}`,
    )
    .action((file: string, options: JsonOption) => check(context, file, options));
  group
    .command('test')
    .description('Show which rule decides on a job, and why the others do not')
    .argument('[file]', 'the rules, a JSON file')
    .option(TENANT_FLAG, 'instead of a file, the stored rules that are in force for this tenant', nameArgument)
    .requiredOption('--job <file>', 'the job: a JSON file with printerId and job, or a job event')
    .option('--json', JSON_HELP)
    .addHelpText(
      'after',
      example('rules test rules.json --job job.json', `rules test --tenant ${TENANT} --job job.json`),
    )
    .action((file: string | undefined, options: TestOptions) => test(context, file, options));
  dryRunCommand(group, context);
  storedRulesCommands(group, context);
}

async function check(context: CliContext, file: string, { json }: JsonOption): Promise<void> {
  const { findings, isValid, document } = checkText(await readFileNamed(context, file));
  if (!isValid) context.markFailed();
  if (json) return context.terminal.json({ file, valid: isValid, findings });
  context.terminal.print(...formatFindings(file, findings));
  const count = (wanted: Finding['severity']) => findings.filter(({ severity }) => severity === wanted).length;
  const found = `${plural(count('error'), 'error')}, ${plural(count('warning'), 'warning')}`;
  context.terminal.print(`${file}: ${document ? `${plural(document.rules.length, 'rule')}, ` : ''}${found}.`);
}

async function test(context: CliContext, file: string | undefined, options: TestOptions): Promise<void> {
  const { terminal } = context;
  const { job, json, tenant } = options;
  if ((file === undefined) === (tenant === undefined))
    throw usageError('rules test needs either a file or --tenant <id>');
  const document =
    tenant === undefined
      ? documentIn(await readFileNamed(context, file ?? ''), file ?? '')
      : await requireRules(context, tenant);
  const source = parseJobSource(parseJson(await readFileNamed(context, job)));
  if (!source) {
    throw new ReceiverError('fileUnreadable', `${job} is not a job`, {
      remedy:
        'It must be a JSON object with printerId and job (a printJob of Graph), or a job event. See docs/rules.md.',
    });
  }
  const explanation = explain(document, readFacts(source));
  if (json) return terminal.json(explanation);
  const { action, rule, rules } = explanation;
  const by = rule === undefined ? 'No rule matches' : `Rule "${rule}" decides`;
  terminal.print(`${by}: ${formatAction(action)}.`, '');
  terminal.table(
    ['rule', 'result', 'why'],
    rules.map((one) => [one.rule, RESULTS[one.result], whyOf(one)]),
  );
}

async function requireRules(context: CliContext, tenantId: string): Promise<RulesDocument> {
  const stored = await readRulesInForce(context, tenantId);
  if (stored) return stored.document;
  throw new ReceiverError('rulesNotFound', `No rules are in force for tenant ${tenantId}`);
}

const RESULTS: Readonly<Record<RuleResult['result'], string>> = {
  matched: 'matched',
  notReached: 'not reached',
  otherEvent: 'other event',
  redirected: 'not changed',
  failed: 'no match',
};

function whyOf({ result, failed }: RuleResult): string {
  if (result === 'redirected') return 'the job was redirected, and the rule does not say "redirected": true';
  if (!failed) return '';
  const { path, asked, found } = failed;
  const job = found === undefined ? '' : `; the job has ${JSON.stringify(found)}`;
  return `${formatPath(path)} asks ${JSON.stringify(asked)}${job}`;
}
