import { openOwnIdentity } from '../../../shared/storage/account';

describe('opening an identity', () => {
  it.each([
    ['of a machine outside Azure, as the person of az login', { azureCli: true }, 'AzureCliCredential'],
    ['that is named', { managedIdentityClientId: '10000000-0000-4000-8000-000000000000' }, 'ManagedIdentityCredential'],
    ['that is system-assigned', {}, 'ManagedIdentityCredential'],
  ] as const)('%s', async (_name, identity, credential) => {
    expect((await openOwnIdentity(identity)).constructor.name).toBe(credential);
  });
});
