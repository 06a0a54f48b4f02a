import { Option } from 'commander';
import type { CallGraph } from '../shared/graph/client';
import type { CliContext } from './context';
import type { SignInPrompts } from './signInRequest';

/** The option of every verb that signs a person in. */
export interface SignInOptions {
  deviceCode?: true;
}

/** `--device-code`, in the same words for every verb that signs a person in. */
export function deviceCodeOption(): Option {
  return new Option('--device-code', 'sign in by a code on another device, from a machine without a browser');
}

/** Part of the help of every verb that signs a person in. */
export const SIGN_IN_HELP = `
A Printer Administrator of the tenant signs in, because Graph accepts these calls from no app. A browser opens on this machine
(the program in BROWSER, where it is set). The app registration must have the redirect URI http://localhost of the platform
"Mobile and desktop applications", and the delegated permissions Printer.Read.All and Printer.ReadWrite.All.

--device-code shows a code to enter on another device instead. The app registration must then allow public client flows
(Authentication > Advanced settings). The risk: anyone can start such a sign-in to your app and send the code to other
people. Anyone who enters it gives the sender their own access. Many customers block device codes for this reason
(AADSTS53003). Never enter a code that you did not request.`;

/** Graph as a Printer Administrator. Prints on stderr where to sign in, and waits until that has happened. */
export async function openAdministratorGraph(
  context: CliContext,
  tenantId: string,
  permission: string,
  { deviceCode }: SignInOptions,
): Promise<CallGraph> {
  const { terminal, openBrowser, signIn } = context;
  const services = await context.services();
  const who = `as a Printer Administrator of tenant ${tenantId}`;
  const flow = deviceCode ? 'deviceCode' : 'browser';
  const config = await services.config();
  const prompts: SignInPrompts = {
    browser: (address) => {
      terminal.note(
        `Sign in ${who}. A browser opens on this machine. If it does not, open this address in it:`,
        address,
      );
      void openBrowser(address, () =>
        terminal.warn(
          'No browser could be opened. Open the address above on this machine, or repeat the command with --device-code.',
        ),
      );
    },
    deviceCode: ({ verificationUri, userCode }) =>
      terminal.note(`Open ${verificationUri} and enter the code ${userCode}, ${who}.`),
  };
  // Before a person signs in, the services make sure that both hosts can be reached.
  return services.userGraph(() => signIn(config, { tenantId, permission, flow }, prompts));
}
