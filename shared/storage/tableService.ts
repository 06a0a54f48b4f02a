import { TableClient } from '@azure/data-tables';
import type { StorageConfig } from '../config';
import type { EntityTable } from './entityTable';
import { storageCredential } from './storageCredential';
import { createTableEntities } from './tableEntities';

/** Opens the tables of the storage account in the settings. */
export async function openTableService(storage: StorageConfig): Promise<(name: string) => EntityTable> {
  if ('connectionString' in storage) {
    const { connectionString } = storage;
    // The client refuses plain http unless told; settings allow it for Azurite only, which is on loopback.
    const options = { allowInsecureConnection: true };
    return (name) => createTableEntities(TableClient.fromConnectionString(connectionString, name, options));
  }
  const { tableServiceUri } = storage;
  const credential = await storageCredential(storage);
  const options = { allowInsecureConnection: tableServiceUri.startsWith('http:') };
  return (name) => createTableEntities(new TableClient(tableServiceUri, name, credential, options));
}
