metadata description = 'A storage account without shared keys, with its queues, tables, containers and private endpoints.'

@minLength(3)
@maxLength(24)
param name string

param location string
param tags object
param zoneRedundant bool
param queues string[] = []
param tables string[] = []
param containers string[] = []

@description('Whether the services are reachable through their private endpoints alone.')
param isPrivate bool

@description('Subnet of the private endpoints.')
param endpointSubnetId string

param dnsZoneIds object

@description('Services that get a private endpoint.')
param services ('blob' | 'queue' | 'table')[]

resource account 'Microsoft.Storage/storageAccounts@2025-06-01' = {
  name: name
  location: location
  tags: tags
  kind: 'StorageV2'
  sku: { name: zoneRedundant ? 'Standard_ZRS' : 'Standard_LRS' }
  properties: {
    allowSharedKeyAccess: false
    allowBlobPublicAccess: false
    allowCrossTenantReplication: false
    defaultToOAuthAuthentication: true
    minimumTlsVersion: 'TLS1_2'
    supportsHttpsTrafficOnly: true
    publicNetworkAccess: isPrivate ? 'Disabled' : 'Enabled'
    networkAcls: {
      defaultAction: isPrivate ? 'Deny' : 'Allow'
      bypass: 'None'
    }
  }
}

// A deleted document or file is deleted at once: no soft delete, no versions, no change feed. docs/data-protection.md promises it.
resource blobService 'Microsoft.Storage/storageAccounts/blobServices@2025-06-01' = {
  parent: account
  name: 'default'
  properties: {
    deleteRetentionPolicy: { enabled: false }
    containerDeleteRetentionPolicy: { enabled: false }
    isVersioningEnabled: false
    changeFeed: { enabled: false }
  }

  resource container 'containers' = [for container in containers: { name: container }]
}

resource queueService 'Microsoft.Storage/storageAccounts/queueServices@2025-06-01' = if (!empty(queues)) {
  parent: account
  name: 'default'

  resource queue 'queues' = [for queue in queues: { name: queue }]
}

resource tableService 'Microsoft.Storage/storageAccounts/tableServices@2025-06-01' = if (!empty(tables)) {
  parent: account
  name: 'default'

  resource table 'tables' = [for table in tables: { name: table }]
}

module endpoints 'endpoint.bicep' = [
  for service in services: if (isPrivate) {
    params: {
      name: '${name}-${service}'
      location: location
      tags: tags
      subnetId: endpointSubnetId
      dnsZoneId: dnsZoneIds[?service] ?? ''
      targetId: account.id
      groupId: service
    }
  }
]
