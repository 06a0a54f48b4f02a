import type { ManagedIdentityCredential } from '@azure/identity';

/** Signs in at the storage account as the app's managed identity: the one named, else the system-assigned one. */
export async function storageCredential(storage: {
  managedIdentityClientId?: string;
}): Promise<ManagedIdentityCredential> {
  const { ManagedIdentityCredential } = await import('@azure/identity');
  const clientId = storage.managedIdentityClientId;
  return clientId === undefined
    ? new ManagedIdentityCredential()
    : new ManagedIdentityCredential({ clientId });
}
