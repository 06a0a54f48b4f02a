import type { Command } from 'commander';
import { createVirtualPrinter } from '../shared/graph/api/createPrinter';
import { TRIGGER_PERMISSIONS } from '../shared/graph/api/taskTriggers';
import { deviceCodeOption, openAdministratorGraph, SIGN_IN_HELP, type SignInOptions } from './administrator';
import { nameArgument, TENANT_FLAG, TENANT_HELP } from './arguments';
import { makeCertificateRequest } from './certificateRequest';
import type { CliContext } from './context';
import { example, JSON_HELP, type JsonOption } from './output';

interface CreateOptions extends JsonOption, SignInOptions {
  tenant: string;
  name: string;
  manufacturer: string;
  model: string;
}

/** The group `printers`: printers without a device, for pull printing. */
export function printersCommand(group: Command, context: CliContext): void {
  group.description('Register printers without a device, for pull printing. A Printer Administrator signs in');
  group
    .command('create-virtual')
    .description('Register a virtual printer. Its jobs wait until they are redirected to a real one')
    .requiredOption(TENANT_FLAG, TENANT_HELP, nameArgument)
    .requiredOption('--name <text>', 'name of the printer', nameArgument)
    .option('--manufacturer <text>', 'manufacturer of the printer', nameArgument, 'Virtual')
    .option('--model <text>', 'model of the printer', nameArgument, 'Pull printing')
    .addOption(deviceCodeOption())
    .option('--json', JSON_HELP)
    .addHelpText(
      'after',
      SIGN_IN_HELP +
        '\n\nSee docs/pull-printing.md for the steps after it.\n' +
        example('printers create-virtual --tenant 11111111-1111-1111-1111-111111111111 --name "Pull printing"'),
    )
    .action((options: CreateOptions) => createVirtual(context, options));
}

async function createVirtual(context: CliContext, options: CreateOptions): Promise<void> {
  const { tenant: tenantId, name: displayName, manufacturer, model, json } = options;
  const { terminal, sleep } = context;
  const callGraph = await openAdministratorGraph(context, tenantId, TRIGGER_PERMISSIONS.write, options);
  const certificateSigningRequest = await makeCertificateRequest();
  terminal.note('Graph registers the printer. This can take a few minutes.');
  const printer = { tenantId, displayName, manufacturer, model, certificateSigningRequest };
  const printerId = await createVirtualPrinter({ callGraph, clock: { sleep } }, printer);
  if (json) return terminal.json({ tenantId, printerId, displayName });
  terminal.print(
    `Created virtual printer ${printerId} (${displayName}).`,
    `Next: triggers create --tenant ${tenantId} --printer ${printerId} --definition <id>`,
    `Then add ${printerId} to virtualPrinters of the rules, and share the printer. See docs/pull-printing.md.`,
  );
}
