metadata name = 'universal-print-receiver'
metadata description = 'Everything that one deployment of the app needs, in one resource group.'

@description('Short name of the deployment, such as print-prod. It begins the names of the resources: lower-case letters, digits and single hyphens, beginning with a letter and ending with a letter or digit.')
@minLength(2)
@maxLength(20)
param name string

@description('Region of all resources. It must support Flex Consumption, and for zoneRedundant availability zones of it.')
param location string = resourceGroup().location

@description('Tags of all resources.')
param tags object = {}

@description('Application (client) id of the vendor\'s multi-tenant Entra app. It is registered in the tenant of this subscription. infra/setup.mjs adds the federated credential to it.')
@minLength(36)
@maxLength(36)
param entraClientId string

@description('Microsoft Graph root with version. The sign-in host and the storage suffix are those of the cloud that the deployment runs in.')
@allowed([
  'https://graph.microsoft.com/v1.0'
  'https://graph.microsoft.com/beta'
  'https://graph.microsoft.us/v1.0'
  'https://dod-graph.microsoft.us/v1.0'
])
param graphBaseUrl string = 'https://graph.microsoft.com/v1.0'

@description('Where Graph and browsers reach the app, with the route prefix, such as https://print.contoso.com/api. Empty: the host name of the function app.')
param publicBaseUrl string = ''

@description('Memory of an instance in MB. 2048 gives one core.')
@allowed([512, 2048, 4096])
param instanceMemoryMB int = 2048

@description('Upper bound of instances. An instance has at most 24 calls to Graph at a time: see docs/scale.md before you raise it. Flex Consumption accepts no less than 40.')
@minValue(40)
@maxValue(1000)
param maximumInstanceCount int = 40

@description('How the platform replaces instances. Recreate ends running executions, and their messages are processed again. RollingUpdate, a preview, lets them end.')
@allowed(['Recreate', 'RollingUpdate'])
param updateStrategy string = 'Recreate'

@description('Spreads plan and storage over three availability zones, with two always-ready instances of each group.')
param zoneRedundant bool = false

@description('Puts storage and vault behind private endpoints in a virtual network that the app is integrated into. Command line and event consumers then run in that network too. Telemetry stays on its public, Entra-only endpoint.')
param privateNetwork bool = false

@description('Address space of the virtual network, /22 or larger. Used with privateNetwork.')
@minLength(9)
@maxLength(18)
param virtualNetworkAddressPrefix string = '10.40.0.0/22'

@description('Accepts requests only from the addresses that Microsoft publishes for change notifications, the availability tests, and additionalClientAddresses. The restriction applies to all routes: it cuts off browsers that return to /api/consent, operators, backends and devices that call /api/status, /api/jobs and /api/device, and the command line where it calls these.')
param restrictInbound bool = false

@description('IPv4 ranges in CIDR notation that may call the app besides, such as those of administrators, devices and backends. Used with restrictInbound.')
@maxLength(100)
param additionalClientAddresses string[] = []

@description('IPv4 ranges in CIDR notation that may call the deployment site, such as those of the build agents. Empty: any address, with an Entra sign-in. Used with restrictInbound.')
@maxLength(100)
param deploymentClientAddresses string[] = []

@description('Object id of the identity of the vendor\'s backend that reads the events. Empty: none, or a sink is set.')
@maxLength(36)
param eventConsumerPrincipalId string = ''

@description('Kind of the identity of eventConsumerPrincipalId.')
@allowed(['ServicePrincipal', 'Group', 'User'])
param eventConsumerPrincipalType string = 'ServicePrincipal'

@description('Puts the queues print-job-events* into a storage account of their own. Their readers then have no network access to the queues of the app.')
param separateEventsAccount bool = false

@description('Who receives the events: a backend that reads the queue print-job-events, a webhook, or an Event Grid topic.')
@allowed(['queue', 'webhook', 'eventGrid'])
param eventSink string = 'queue'

@description('The https URL of the sink webhook. Its path may hold a secret. infra/setup.mjs creates the secret that signs the events.')
@secure()
param eventSinkWebhookUrl string = ''

@description('Name of the topic of the sink eventGrid: a custom topic in this resource group, with the input schema Cloud Event v1.0.')
@maxLength(50)
param eventSinkTopicName string = ''

@description('Days that logs and telemetry are kept.')
@minValue(30)
@maxValue(730)
param logRetentionDays int = 30

@description('GB of logs and telemetry a day, after which ingestion stops until the next day. -1: no bound.')
@minValue(-1)
@maxValue(1000)
param logDailyCapGB int = 5

@description('Regions that the availability tests call from, by their population tags. Empty: no tests. The default calls from Europe, the United States and Asia.')
@maxLength(16)
param availabilityTestLocations string[] = [
  'emea-nl-ams-azr'
  'us-va-ash-azr'
  'apac-sg-sin-azr'
]

@description('Seconds between two availability tests from one region. Each run is billed.')
@allowed([300, 600, 900])
param availabilityTestFrequency int = 900

@description('Whether the alert rules run. See docs/alerts.md.')
param alertsEnabled bool = true

@description('E-mail addresses that alerts notify. Empty, with an empty alertWebhookUrl: alerts are shown in Azure Monitor and notify no one.')
@maxLength(100)
param alertEmails string[] = []

@description('The https URL that alerts are posted to in the common alert schema, such as that of an on-call service. It may hold a secret.')
@secure()
param alertWebhookUrl string = ''

@description('Where your copy of docs/alerts.md is published, for the links in alerts. Empty: its path in this repository.')
param alertDocumentationUrl string = ''

// Account and vault names are unique in Azure, and have at most 24 characters: 13 of them are the token.
var token = uniqueString(resourceGroup().id, name)
var hostAccountName = 'uprhost${token}'
var dataAccountName = 'uprdata${token}'
var eventsAccountName = separateEventsAccount ? 'uprevents${token}' : hostAccountName
var vaultName = 'kv-${token}'

@description('Secrets of the vault.')
var secretNames = {
  clientStateKeys: 'client-state-keys'
  webhookSecrets: 'events-sink-webhook-secrets'
}

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' = {
  name: '${name}-identity'
  location: location
  tags: tags
}

module network 'modules/network.bicep' = if (privateNetwork) {
  params: {
    name: name
    location: location
    tags: tags
    addressPrefix: virtualNetworkAddressPrefix
    zoneRedundant: zoneRedundant
  }
}

module storage 'modules/storage.bicep' = {
  params: {
    hostAccountName: hostAccountName
    dataAccountName: dataAccountName
    eventsAccountName: eventsAccountName
    location: location
    tags: tags
    identityId: identity.id
    principalId: identity.properties.principalId
    eventConsumerPrincipalId: eventConsumerPrincipalId
    eventConsumerPrincipalType: eventConsumerPrincipalType
    eventSinkTopicName: eventSink == 'eventGrid' ? eventSinkTopicName : ''
    zoneRedundant: zoneRedundant
    isPrivate: privateNetwork
    endpointSubnetId: network.?outputs.endpointSubnetId ?? ''
    dnsZoneIds: network.?outputs.dnsZoneIds ?? {}
  }
}

module vault 'modules/vault.bicep' = {
  params: {
    name: vaultName
    location: location
    tags: tags
    identityId: identity.id
    principalId: identity.properties.principalId
    isPrivate: privateNetwork
    endpointSubnetId: network.?outputs.endpointSubnetId ?? ''
    dnsZoneIds: network.?outputs.dnsZoneIds ?? {}
  }
}

module monitoring 'modules/monitoring.bicep' = {
  params: {
    name: name
    location: location
    tags: tags
    identityId: identity.id
    principalId: identity.properties.principalId
    retentionDays: logRetentionDays
    dailyCapGB: logDailyCapGB
  }
}

module alerts 'modules/alerts.bicep' = {
  params: {
    name: name
    location: location
    tags: tags
    isEnabled: alertsEnabled
    emails: alertEmails
    webhookUrl: alertWebhookUrl
    documentationUrl: alertDocumentationUrl
  }
  dependsOn: [monitoring]
}

module app 'modules/app.bicep' = {
  params: {
    name: name
    token: token
    location: location
    tags: tags
    identityName: identity.name
    hostAccountName: hostAccountName
    dataAccountName: dataAccountName
    eventsAccountName: eventsAccountName
    vaultName: vaultName
    secretNames: secretNames
    entraClientId: entraClientId
    graphBaseUrl: graphBaseUrl
    publicBaseUrl: publicBaseUrl
    eventSink: eventSink
    eventSinkWebhookUrl: eventSinkWebhookUrl
    eventSinkTopicName: eventSinkTopicName
    instanceMemoryMB: instanceMemoryMB
    maximumInstanceCount: maximumInstanceCount
    updateStrategy: updateStrategy
    zoneRedundant: zoneRedundant
    isIntegrated: privateNetwork
    restrictInbound: restrictInbound
    additionalClientAddresses: additionalClientAddresses
    deploymentClientAddresses: deploymentClientAddresses
  }
  // They give the identity its roles. Without these the first start of the app fails.
  dependsOn: [network, storage, vault, monitoring]
}

module availability 'modules/availability.bicep' = if (!empty(availabilityTestLocations)) {
  params: {
    name: name
    location: location
    tags: tags
    publicBaseUrl: app.outputs.publicBaseUrl
    testLocations: availabilityTestLocations
    frequency: availabilityTestFrequency
  }
  dependsOn: [monitoring]
}

@description('Name of the function app.')
output FUNCTION_APP_NAME string = app.outputs.name

@description('Where Graph reaches the app. The Entra app needs its /consent as a redirect URI.')
output PUBLIC_BASE_URL string = app.outputs.publicBaseUrl

@description('Client id of the Entra app that infra/setup.mjs gives the federated credential.')
output ENTRA_CLIENT_ID string = entraClientId

@description('Sign-in host of the cloud.')
output ENTRA_AUTHORITY_HOST string = environment().authentication.loginEndpoint

@description('Object id of the identity of the app: the subject of the federated credential.')
output IDENTITY_PRINCIPAL_ID string = identity.properties.principalId

@description('Client id of the identity of the app.')
output IDENTITY_CLIENT_ID string = identity.properties.clientId

@description('Name of the vault.')
output KEY_VAULT_NAME string = vaultName

@description('Secrets of the vault that infra/setup.mjs creates where they are missing, comma-separated.')
output KEY_VAULT_SECRETS string = eventSink == 'webhook'
  ? '${secretNames.clientStateKeys},${secretNames.webhookSecrets}'
  : secretNames.clientStateKeys

@description('Whether the vault is reachable from the virtual network alone.')
output PRIVATE_NETWORK bool = privateNetwork

@description('Queue that the vendor\'s backend reads.')
output EVENTS_QUEUE_URL string = storage.outputs.eventsQueueUrl

@description('Name of the Application Insights resource.')
output APPLICATION_INSIGHTS_NAME string = monitoring.outputs.appInsightsName
