import { ReceiverError } from '../shared/errors';
import type { RulesDocument } from '../shared/rules/document';
import type { CliContext } from './context';

/** Rules and the blob that they are stored in. */
export interface StoredRules {
  document: RulesDocument;
  blob: string;
}

/**
 * The rules that are in force for a tenant: its own, else the default ones. Undefined when there are none.
 *
 * @throws ReceiverError `rulesInvalid`, or that of storage
 */
export async function readRulesInForce(
  { services, logger }: Pick<CliContext, 'services' | 'logger'>,
  tenantId: string,
): Promise<StoredRules | undefined> {
  const inForce = await (await (await services()).rules()).rulesOf(tenantId, logger);
  switch (inForce.kind) {
    case 'rules':
      return inForce;
    case 'outage':
      throw inForce.error;
    case 'unreadable':
      throw new ReceiverError('rulesInvalid', `${inForce.blob} has no valid rules: ${inForce.problem}`);
    case 'none':
      return undefined;
  }
}
