/** Where rules documents lie in the blob container `config`, and how large they may be. */

/** The most that a document may have, in bytes of UTF-8. */
export const MOST_DOCUMENT_BYTES = 256 * 1024;

/**
 * The blob of the rules of one customer, which replace the default ones, or of the default ones.
 *
 * @param tenantId undefined for the default rules
 */
export function rulesBlobOf(tenantId: string | undefined): string {
  return `rules/${tenantId ?? 'default'}.json`;
}

/**
 * The blob that keeps a version which was replaced.
 *
 * @param at ISO 8601
 */
export function historyBlobOf(tenantId: string | undefined, at: string): string {
  return `rules/history/${at}_${tenantId ?? 'default'}.json`;
}
