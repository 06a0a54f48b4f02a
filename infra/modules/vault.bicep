metadata description = 'The vault of the signing key, with the role of the app.'

@minLength(3)
@maxLength(24)
param name string

param location string
param tags object

@description('Resource id of the identity of the app. It is known before the deployment, so the names of role assignments use it.')
param identityId string

@description('Object id of the identity of the app.')
param principalId string

@description('Whether the services are reachable through their private endpoints alone.')
param isPrivate bool

@description('Subnet of the private endpoints.')
param endpointSubnetId string

param dnsZoneIds object

@description('Key Vault Secrets User')
var secretsUser = '4633458b-17de-408a-b874-0445c86b69e6'

resource vault 'Microsoft.KeyVault/vaults@2025-05-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    tenantId: subscription().tenantId
    sku: { family: 'A', name: 'standard' }
    enableRbacAuthorization: true
    // A signing key that is lost makes every subscription and device token invalid, so it can be recovered for 90 days.
    enableSoftDelete: true
    softDeleteRetentionInDays: 90
    enablePurgeProtection: true
    publicNetworkAccess: isPrivate ? 'Disabled' : 'Enabled'
    networkAcls: {
      defaultAction: isPrivate ? 'Deny' : 'Allow'
      // Resource Manager, through which infra/setup.mjs writes, is among these. Each of them needs a role besides.
      bypass: 'AzureServices'
    }
  }
}

// The app resolves its references as this identity. The vault holds secrets of this app alone.
resource appRole 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(vault.id, identityId, secretsUser)
  scope: vault
  properties: {
    principalId: principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', secretsUser)
  }
}

module endpoint 'endpoint.bicep' = if (isPrivate) {
  params: {
    name: '${vault.name}-vault'
    location: location
    tags: tags
    subnetId: endpointSubnetId
    dnsZoneId: dnsZoneIds.?vault ?? ''
    targetId: vault.id
    groupId: 'vault'
  }
}
