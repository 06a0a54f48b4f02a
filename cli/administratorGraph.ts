import type { CallGraph } from '../shared/graph/client';
import type { CliContext } from './cliContext';

/** What the help says of every verb that signs a person in. */
export const SIGN_IN_HELP = `
A Printer Administrator of the tenant signs in by device code, because Graph takes these calls from no app. The app
registration must allow public client flows (Authentication > Advanced settings) and have the delegated permissions
Printer.Read.All and Printer.ReadWrite.All. The risk: with public client flows anybody may ask people to sign in to your
app by a code and so gain what they may do; allow it for as long as you need it, and never enter a code you did not ask for.`;

/** Graph as a Printer Administrator, who is told on stderr where to sign in. Waits until that has happened. */
export async function administratorGraph(
  context: CliContext,
  tenantId: string,
  permission: string,
): Promise<CallGraph> {
  const services = await context.services();
  return services.userGraph(tenantId, {
    permission,
    prompt: ({ verificationUri, userCode }) =>
      context.io.stderr(
        `Open ${verificationUri} and enter the code ${userCode}, as a Printer Administrator of tenant ${tenantId}.\n`,
      ),
  });
}
