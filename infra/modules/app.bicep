metadata description = 'The function app on Flex Consumption, its settings, and the tests of its availability.'

param name string
param token string
param location string
param tags object
param identityName string
param hostAccountName string
param dataAccountName string
param eventsAccountName string
param vaultName string
param secretNames { clientStateKeys: string, webhookSecrets: string }
param entraClientId string
param graphBaseUrl string
param publicBaseUrl string
param eventSink string

@secure()
param eventSinkWebhookUrl string

param eventSinkTopicName string
param instanceMemoryMB int
param maximumInstanceCount int
param updateStrategy string
param zoneRedundant bool

@description('Whether the app is integrated into the virtual network.')
param isIntegrated bool

param restrictInbound bool
param additionalClientAddresses string[]
param deploymentClientAddresses string[]

// The host id, which names the locks of timers, is the first 32 characters of this name: 20 of name, a hyphen, 8 of token.
var appName = '${name}-${take(token, 8)}'
var separateEventsAccount = eventsAccountName != hostAccountName
var readyInstances = zoneRedundant ? 2 : 1

// "Microsoft Graph Change Notifications" in Additional endpoints not included in the Office 365 IP Address and URL Web service
// (microsoft-365/enterprise/additional-office365-ip-addresses-and-urls), 2025-01-08. They change without notice.
var notificationAddresses = startsWith(graphBaseUrl, 'https://graph.microsoft.com/')
  ? ['20.20.32.0/19', '20.190.128.0/18', '20.231.128.0/19', '40.126.0.0/18']
  : ['20.140.232.0/23', '52.126.194.0/23']

var notificationRules = map(notificationAddresses, (address, index) => {
  name: 'Graph ${index + 1}'
  description: 'Change notifications of Microsoft Graph'
  action: 'Allow'
  priority: 100 + index
  ipAddress: address
})
var availabilityRule = {
  name: 'Availability tests'
  description: 'Availability tests of Application Insights'
  action: 'Allow'
  priority: 200
  tag: 'ServiceTag'
  ipAddress: 'ApplicationInsightsAvailability'
}
var clientRules = map(additionalClientAddresses, (address, index) => {
  name: 'Client ${index + 1}'
  description: 'additionalClientAddresses'
  action: 'Allow'
  priority: 300 + index
  ipAddress: address
})
var deploymentRules = map(deploymentClientAddresses, (address, index) => {
  name: 'Deployment ${index + 1}'
  description: 'deploymentClientAddresses'
  action: 'Allow'
  priority: 300 + index
  ipAddress: address
})

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' existing = {
  name: identityName
}

resource hostAccount 'Microsoft.Storage/storageAccounts@2025-06-01' existing = {
  name: hostAccountName
}

resource dataAccount 'Microsoft.Storage/storageAccounts@2025-06-01' existing = {
  name: dataAccountName
}

resource eventsAccount 'Microsoft.Storage/storageAccounts@2025-06-01' existing = {
  name: eventsAccountName
}

resource topic 'Microsoft.EventGrid/topics@2025-02-15' existing = if (eventSink == 'eventGrid') {
  name: eventSinkTopicName
}

resource vault 'Microsoft.KeyVault/vaults@2025-05-01' existing = {
  name: vaultName
}

resource appInsights 'Microsoft.Insights/components@2020-02-02' existing = {
  name: '${name}-insights'
}

resource network 'Microsoft.Network/virtualNetworks@2025-01-01' existing = if (isIntegrated) {
  name: '${name}-network'

  resource app 'subnets' existing = { name: 'app' }
}

resource plan 'Microsoft.Web/serverfarms@2025-03-01' = {
  name: '${name}-plan'
  location: location
  tags: tags
  kind: 'functionapp'
  sku: {
    name: 'FC1'
    tier: 'FlexConsumption'
  }
  properties: {
    reserved: true
    zoneRedundant: zoneRedundant
  }
}

resource site 'Microsoft.Web/sites@2025-03-01' = {
  name: appName
  location: location
  tags: union(tags, { 'azd-service-name': 'app' })
  kind: 'functionapp,linux'
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: { '${identity.id}': {} }
  }
  properties: {
    serverFarmId: plan.id
    httpsOnly: true
    publicNetworkAccess: 'Enabled'
    keyVaultReferenceIdentity: identity.id
    virtualNetworkSubnetId: isIntegrated ? network::app.id : null
    functionAppConfig: {
      deployment: {
        storage: {
          type: 'blobContainer'
          value: '${hostAccount.properties.primaryEndpoints.blob}deployment'
          authentication: {
            type: 'UserAssignedIdentity'
            userAssignedIdentityResourceId: identity.id
          }
        }
      }
      runtime: {
        name: 'node'
        version: '24'
      }
      scaleAndConcurrency: {
        instanceMemoryMB: instanceMemoryMB
        // 40 instances with the 24 places of host.json make 960 calls to Graph at a time. Each call would have to end within
        // 73 ms to reach 130,000 in ten seconds, the limit of Graph for an app (concepts/throttling-limits.md).
        maximumInstanceCount: maximumInstanceCount
        alwaysReady: [
          // Graph waits 3 seconds for the answer to a notification, and a cold start takes that long.
          { name: 'http', instanceCount: readyInstances }
          // The worker is a group of its own that scales from zero, while a print waits for it.
          { name: 'function:processNotification', instanceCount: readyInstances }
        ]
      }
      // The type of this version of the API does not know it: azure-functions/flex-consumption-site-updates describes it.
      ...any({ siteUpdateStrategy: { type: updateStrategy } })
    }
    siteConfig: {
      minTlsVersion: '1.2'
      scmMinTlsVersion: '1.2'
      http20Enabled: true
      ipSecurityRestrictionsDefaultAction: restrictInbound ? 'Deny' : 'Allow'
      ipSecurityRestrictions: restrictInbound ? concat(notificationRules, [availabilityRule], clientRules) : []
      // Graph never calls the deployment site, and build agents never call the app: each has a list of its own.
      scmIpSecurityRestrictionsUseMain: false
      scmIpSecurityRestrictionsDefaultAction: restrictInbound && !empty(deploymentRules) ? 'Deny' : 'Allow'
      scmIpSecurityRestrictions: restrictInbound ? deploymentRules : []
    }
  }

  // Basic authentication is a second way to deploy, with a password. Deployments sign in with Entra.
  resource deploymentPasswords 'basicPublishingCredentialsPolicies' = {
    name: 'scm'
    properties: { allow: false }
  }

  resource ftpPasswords 'basicPublishingCredentialsPolicies' = {
    name: 'ftp'
    properties: { allow: false }
  }
}

var webhookUrl = empty(eventSinkWebhookUrl)
  ? fail('eventSink is webhook: set eventSinkWebhookUrl')
  : eventSinkWebhookUrl

// The host name may have a hash, so it is read from the site.
var baseUrl = empty(publicBaseUrl) ? 'https://${site.properties.defaultHostName}/api' : publicBaseUrl

// The app counts an empty setting as missing. Key Vault references name no version, so that the next refresh finds a new one.
resource appSettings 'Microsoft.Web/sites/config@2025-03-01' = {
  parent: site
  name: 'appsettings'
  properties: {
    AzureWebJobsStorage__blobServiceUri: hostAccount.properties.primaryEndpoints.blob
    AzureWebJobsStorage__queueServiceUri: hostAccount.properties.primaryEndpoints.queue
    AzureWebJobsStorage__tableServiceUri: hostAccount.properties.primaryEndpoints.table
    AzureWebJobsStorage__credential: 'managedidentity'
    AzureWebJobsStorage__clientId: identity.properties.clientId
    DATA_STORAGE__blobServiceUri: dataAccount.properties.primaryEndpoints.blob
    EVENTS_STORAGE__queueServiceUri: separateEventsAccount ? eventsAccount.properties.primaryEndpoints.queue : ''
    EVENTS_STORAGE__credential: separateEventsAccount ? 'managedidentity' : ''
    EVENTS_STORAGE__clientId: separateEventsAccount ? identity.properties.clientId : ''
    EVENTS_SINK_WEBHOOK_URL: eventSink == 'webhook' ? webhookUrl : ''
    EVENTS_SINK_WEBHOOK_SECRETS: eventSink == 'webhook'
      ? '@Microsoft.KeyVault(SecretUri=${vault.properties.vaultUri}secrets/${secretNames.webhookSecrets})'
      : ''
    EVENTS_SINK_EVENT_GRID_ENDPOINT: eventSink == 'eventGrid' ? topic!.properties.endpoint : ''
    GRAPH_BASE_URL: graphBaseUrl
    ENTRA_AUTHORITY_HOST: environment().authentication.loginEndpoint
    // All addresses of this template are those of the cloud.
    TRUSTED_HOSTS: ''
    ENTRA_CLIENT_ID: entraClientId
    GRAPH_CREDENTIAL: 'federated'
    MANAGED_IDENTITY_CLIENT_ID: identity.properties.clientId
    CLIENT_STATE_KEYS: '@Microsoft.KeyVault(SecretUri=${vault.properties.vaultUri}secrets/${secretNames.clientStateKeys})'
    PUBLIC_BASE_URL: baseUrl
    // Twice what the webhook accepts, which answers 413 and logs. The host refuses more without a log line.
    FUNCTIONS_REQUEST_BODY_SIZE_LIMIT: '2097152'
    APPLICATIONINSIGHTS_CONNECTION_STRING: appInsights.properties.ConnectionString
    APPLICATIONINSIGHTS_AUTHENTICATION_STRING: 'ClientId=${identity.properties.clientId};Authorization=AAD'
  }
}

output name string = site.name
output publicBaseUrl string = baseUrl
