/** The tables of the product. */
export const TABLE_NAMES = {
  tenants: 'Tenants',
  /** A row is a watch. */
  subscriptions: 'Subscriptions',
  /** The ledger. */
  printJobs: 'PrintJobs',
} as const;
