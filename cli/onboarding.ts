import type { Config } from '../shared/config';
import { consentUrl } from '../shared/consent/consentUrl';
import { formatTable } from './output';
import { DELEGATED_PERMISSIONS, SCENARIOS } from './scenarios';

/** What an onboarding takes, for `--json`. */
export function onboarding(config: Config, tenantId: string) {
  return {
    consentUrl: consentUrl(config, tenantId),
    permissions: SCENARIOS,
    delegatedPermissions: DELEGATED_PERMISSIONS,
  };
}

/** How a customer comes on board, in words: consent link, permissions, next command. */
export function nextSteps(config: Config, tenantId: string): string {
  const rows = SCENARIOS.map(({ scenario, permissions }) => [scenario, permissions.join(', ')]);
  return [
    consentSteps(config, tenantId),
    'The app registration asks for these application permissions of Microsoft Graph, as far as you need them:',
    formatTable(['scenario', 'permissions'], rows),
    `Where triggers are set by this command line, a Printer Administrator signs in. That takes the delegated permissions ${DELEGATED_PERMISSIONS.join(' and ')}, and public client flows.`,
    '',
    `Next: definitions create --tenant ${tenantId} --name <text>, or subscriptions add --tenant ${tenantId} --printer <id>`,
    '',
  ].join('\n');
}

/** The consent link, and who opens it. */
export function consentSteps(config: Config, tenantId: string): string {
  return [
    'An administrator of the customer opens this link and consents (again whenever the permissions change):',
    `  ${consentUrl(config, tenantId)}`,
    '',
  ].join('\n');
}
