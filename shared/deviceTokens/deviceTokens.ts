import type { ReceiverError } from '../errors';
import { readCells } from '../storage/cells';
import { parseOrReport, updateRow, type EntityTable, type StoredRow } from '../storage/entityTable';

const TABLE = 'DeviceTokens';
const STATUSES = ['active', 'revoked'] as const;

/** A token of a device such as a badge reader: one row of the table DeviceTokens. Times are ISO 8601. */
export interface DeviceToken {
  tenantId: string;
  tokenId: string;
  /** The device, for people. */
  name: string;
  /** Ids of the printers where the device may print. */
  printers: readonly string[];
  createdAt: string;
  expiresAt: string;
  /** The key that signed the token. The token is valid with no other. */
  keyId: string;
  status: (typeof STATUSES)[number];
}

/** The table DeviceTokens. All its reads and writes go through here. Reads throw ReceiverError `rowUnreadable`. */
export interface DeviceTokens {
  get(tenantId: string, tokenId: string): Promise<DeviceToken | undefined>;
  /** False when the tenant has a token with this id. */
  add(token: DeviceToken): Promise<boolean>;
  /** The token, which is revoked now; undefined when the tenant has no such token. @throws ReceiverError `rowContended` */
  revoke(tenantId: string, tokenId: string): Promise<DeviceToken | undefined>;
  /** The tokens of a tenant, or of all. Rows that cannot be read are reported to `onUnreadable`, or thrown without it. */
  list(tenantId: string | undefined, onUnreadable?: (error: ReceiverError) => void): AsyncIterable<DeviceToken>;
  /** Revokes every token of a tenant, then deletes the rows. Resolves with how many there were. May be repeated. */
  removeAll(tenantId: string): Promise<number>;
}

export function createDeviceTokens(table: EntityTable): DeviceTokens {
  const revoke = async (partitionKey: string, rowKey: string) => {
    const change = (token: DeviceToken): DeviceToken =>
      token.status === 'revoked' ? token : { ...token, status: 'revoked' };
    return (await updateRow(table, { parse: parseToken, format: toRow }, { partitionKey, rowKey }, change))?.value;
  };
  return {
    async get(tenantId, tokenId) {
      const row = await table.get(tenantId, tokenId);
      return row && parseToken(row);
    },
    async add(token) {
      return (await table.insert(toRow(token))) !== undefined;
    },
    revoke,
    async *list(tenantId, onUnreadable) {
      for await (const row of table.list(tenantId)) {
        const token = parseOrReport(() => parseToken(row), onUnreadable);
        if (token) yield token;
      }
    },
    async removeAll(tenantId) {
      const rowKeys: string[] = [];
      for await (const { cells } of table.list(tenantId, { cells: [] })) {
        if (typeof cells['rowKey'] === 'string') rowKeys.push(cells['rowKey']);
      }
      // A row that cannot be read is accepted nowhere, so it needs no revocation.
      for (const rowKey of rowKeys) await revoke(tenantId, rowKey).catch(unlessUnreadable);
      for (const rowKey of rowKeys) {
        const row = await table.get(tenantId, rowKey, []);
        if (row) await table.remove(tenantId, rowKey, row.etag);
      }
      return rowKeys.length;
    },
  };
}

function unlessUnreadable(error: unknown): void {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code !== 'rowUnreadable') throw error;
}

function toRow({ tenantId, tokenId, printers, ...cells }: DeviceToken) {
  return { partitionKey: tenantId, rowKey: tokenId, printers: printers.join(','), ...cells };
}

function parseToken(row: StoredRow): DeviceToken {
  const cells = readCells(TABLE, row);
  const printers = cells.need(cells.text('printers'), 'printers', 'it must have ids of printers, separated by commas');
  return {
    tenantId: cells.need(cells.text('partitionKey'), 'PartitionKey', 'it must be the id of the tenant'),
    tokenId: cells.need(cells.text('rowKey'), 'RowKey', 'it must be the id of the token'),
    name: cells.text('name') ?? '',
    printers: printers.split(',').filter((id) => id !== ''),
    createdAt: cells.time('createdAt') ?? '',
    expiresAt: cells.need(cells.time('expiresAt'), 'expiresAt', 'it must be the time when the token expires'),
    keyId: cells.need(cells.text('keyId'), 'keyId', 'it must be the key that signed the token'),
    status: cells.need(cells.word('status', STATUSES), 'status', `it must be one of ${STATUSES.join(', ')}`),
  };
}
