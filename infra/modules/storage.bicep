metadata description = 'The storage accounts with the roles of the app and of the reader of its events.'

param hostAccountName string
param dataAccountName string

@description('hostAccountName, or the name of an account of its own.')
param eventsAccountName string

param location string
param tags object

@description('Resource id of the identity of the app. It is known before the deployment, so the names of role assignments use it.')
param identityId string

@description('Object id of the identity of the app.')
param principalId string

param eventConsumerPrincipalId string
param eventConsumerPrincipalType string
param eventSinkTopicName string
param zoneRedundant bool
param isPrivate bool
param endpointSubnetId string
param dnsZoneIds object

@description('The package of the app, which the platform writes on a deployment and reads at each start.')
var deploymentContainer = 'deployment'

var queues = [
  'print-notifications'
  'print-notifications-poison'
  'print-notifications-waiting'
  'subscription-events'
  'subscription-events-poison'
  'print-archive'
  'print-archive-poison'
]
var eventQueues = [
  'print-job-events'
  'print-job-events-poison'
  'print-job-events-waiting'
  'print-job-events-dead'
]

@description('Built-in roles.')
var roles = {
  blobDataOwner: 'b7e6dc6d-f1e8-4753-8033-0f276bb0955b'
  blobDataReader: '2a2b9908-6ea1-4ae2-8e65-a410df84e7d1'
  blobDataContributor: 'ba92f5b4-2d11-453d-a403-e96b0029c9fe'
  queueDataContributor: '974c5e8b-45b9-4653-ba55-5f855dd0fb88'
  queueDataMessageProcessor: '8a0f0c08-91a1-4084-bc3d-661d67233fed'
  tableDataContributor: '0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3'
  eventGridDataSender: 'd5a91429-5739-47e2-a06b-3470a27159e7'
}

var separateEventsAccount = eventsAccountName != hostAccountName

module hostAccount 'account.bicep' = {
  params: {
    name: hostAccountName
    location: location
    tags: tags
    zoneRedundant: zoneRedundant
    containers: [deploymentContainer]
    queues: separateEventsAccount ? queues : concat(queues, eventQueues)
    tables: ['Tenants', 'Subscriptions', 'PrintJobs', 'DeviceTokens']
    services: ['blob', 'queue', 'table']
    isPrivate: isPrivate
    endpointSubnetId: endpointSubnetId
    dnsZoneIds: dnsZoneIds
  }
}

// Of its own, because people get roles on its containers, and the function keys are blobs of the other account.
module dataAccount 'account.bicep' = {
  params: {
    name: dataAccountName
    location: location
    tags: tags
    zoneRedundant: zoneRedundant
    containers: ['config', 'documents']
    services: ['blob']
    isPrivate: isPrivate
    endpointSubnetId: endpointSubnetId
    dnsZoneIds: dnsZoneIds
  }
}

module eventsAccount 'account.bicep' = if (separateEventsAccount) {
  params: {
    name: eventsAccountName
    location: location
    tags: tags
    zoneRedundant: zoneRedundant
    queues: eventQueues
    services: ['queue']
    isPrivate: isPrivate
    endpointSubnetId: endpointSubnetId
    dnsZoneIds: dnsZoneIds
  }
}

resource host 'Microsoft.Storage/storageAccounts@2025-06-01' existing = {
  name: hostAccountName
}

resource data 'Microsoft.Storage/storageAccounts@2025-06-01' existing = {
  name: dataAccountName

  resource blobs 'blobServices' existing = {
    name: 'default'

    resource config 'containers' existing = { name: 'config' }
    resource documents 'containers' existing = { name: 'documents' }
  }
}

resource events 'Microsoft.Storage/storageAccounts@2025-06-01' existing = {
  name: eventsAccountName

  resource queues 'queueServices' existing = {
    name: 'default'

    resource events 'queues' existing = { name: eventQueues[0] }
  }
}

resource topic 'Microsoft.EventGrid/topics@2025-02-15' existing = if (!empty(eventSinkTopicName)) {
  name: eventSinkTopicName
}

// The account as a whole: the host creates containers for its locks, timers and function keys, and reads the package.
resource hostBlobs 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(host.id, identityId, roles.blobDataOwner)
  scope: host
  properties: {
    principalId: principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.blobDataOwner)
  }
  dependsOn: [hostAccount]
}

// The account as a whole: every queue in it is the app's. The host sends to poison queues and reads lengths to scale.
resource hostQueues 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(host.id, identityId, roles.queueDataContributor)
  scope: host
  properties: {
    principalId: principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.queueDataContributor)
  }
  dependsOn: [hostAccount]
}

// The account as a whole: every table in it is the app's, and the host creates one for its diagnostic events.
resource hostTables 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(host.id, identityId, roles.tableDataContributor)
  scope: host
  properties: {
    principalId: principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.tableDataContributor)
  }
  dependsOn: [hostAccount]
}

// The app only reads the rules: a fault of the app cannot change what happens to jobs.
resource configBlobs 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(data::blobs::config.id, identityId, roles.blobDataReader)
  scope: data::blobs::config
  properties: {
    principalId: principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.blobDataReader)
  }
  dependsOn: [dataAccount]
}

// The app archives documents and deletes them at the end of their retention.
resource documentBlobs 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(data::blobs::documents.id, identityId, roles.blobDataContributor)
  scope: data::blobs::documents
  properties: {
    principalId: principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.blobDataContributor)
  }
  dependsOn: [dataAccount]
}

// The app sends events, and with a sink it also reads, postpones and dead-letters them.
resource eventsRole 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (separateEventsAccount) {
  name: guid(events.id, identityId, roles.queueDataContributor)
  scope: events
  properties: {
    principalId: principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.queueDataContributor)
  }
  dependsOn: [eventsAccount]
}

// The vendor's backend receives and deletes events, on this queue alone.
resource consumerRole 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (!empty(eventConsumerPrincipalId)) {
  name: guid(events::queues::events.id, eventConsumerPrincipalId, roles.queueDataMessageProcessor)
  scope: events::queues::events
  properties: {
    principalId: eventConsumerPrincipalId
    principalType: eventConsumerPrincipalType
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.queueDataMessageProcessor)
  }
  dependsOn: [hostAccount, eventsAccount]
}

// With the sink Event Grid the app publishes events to this topic.
resource topicRole 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (!empty(eventSinkTopicName)) {
  name: guid(topic.id, identityId, roles.eventGridDataSender)
  scope: topic
  properties: {
    principalId: principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.eventGridDataSender)
  }
}

output eventsQueueUrl string = '${events.properties.primaryEndpoints.queue}${eventQueues[0]}'
