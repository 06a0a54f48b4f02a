/**
 * The development account that Azurite and every storage SDK know; public, not a secret:
 * https://learn.microsoft.com/azure/storage/common/storage-connect-azurite (Well-known storage account and key).
 */
const ACCOUNT = 'devstoreaccount1';
const KEY = 'Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==';

export interface StorageUrls {
  /** Origins, such as http://127.0.0.1:10000, of Azurite or of a proxy before it. */
  readonly blob: string;
  readonly queue: string;
  readonly table: string;
}

/** The connection string of the development account behind these origins (account name in the path). */
export function connectionStringFor({ blob, queue, table }: StorageUrls): string {
  return [
    'DefaultEndpointsProtocol=http',
    `AccountName=${ACCOUNT}`,
    `AccountKey=${KEY}`,
    `BlobEndpoint=${blob}/${ACCOUNT};QueueEndpoint=${queue}/${ACCOUNT};TableEndpoint=${table}/${ACCOUNT}`,
    '',
  ].join(';');
}
