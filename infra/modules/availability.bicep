metadata description = 'Tests that call the app from outside, as Graph does.'

param name string
param location string
param tags object
param publicBaseUrl string
param testLocations string[]
param frequency int

resource appInsights 'Microsoft.Insights/components@2020-02-02' existing = {
  name: '${name}-insights'
}

// Flex Consumption has no health check of its own. This test says that the app answers at all.
resource healthTest 'Microsoft.Insights/webtests@2022-06-15' = {
  name: '${name}-health'
  location: location
  tags: union(tags, { 'hidden-link:${appInsights.id}': 'Resource' })
  kind: 'standard'
  properties: {
    SyntheticMonitorId: '${name}-health'
    Name: '${name} health'
    Description: 'GET /health'
    Kind: 'standard'
    Enabled: true
    Frequency: frequency
    Timeout: 30
    RetryEnabled: true
    Locations: [for location in testLocations: { Id: location }]
    Request: {
      RequestUrl: '${publicBaseUrl}/health'
      HttpVerb: 'GET'
      ParseDependentRequests: false
    }
    ValidationRules: {
      ExpectedHttpStatusCode: 200
      SSLCheck: true
      SSLCertRemainingLifetimeCheck: 7
    }
  }
}

// Graph creates no subscription whose URL does not echo the token (concepts/change-notifications-delivery-webhooks.md).
resource handshakeTest 'Microsoft.Insights/webtests@2022-06-15' = {
  name: '${name}-handshake'
  location: location
  tags: union(tags, { 'hidden-link:${appInsights.id}': 'Resource' })
  kind: 'standard'
  properties: {
    SyntheticMonitorId: '${name}-handshake'
    Name: '${name} handshake'
    Description: 'POST /notifications with a validationToken, as Graph sends it'
    Kind: 'standard'
    Enabled: true
    Frequency: frequency
    Timeout: 30
    RetryEnabled: true
    Locations: [for location in testLocations: { Id: location }]
    Request: {
      RequestUrl: '${publicBaseUrl}/notifications?validationToken=availability-test'
      HttpVerb: 'POST'
      Headers: [{ key: 'Content-Type', value: 'text/plain; charset=utf-8' }]
      ParseDependentRequests: false
    }
    ValidationRules: {
      ExpectedHttpStatusCode: 200
      SSLCheck: true
      SSLCertRemainingLifetimeCheck: 7
      ContentValidation: {
        ContentMatch: 'availability-test'
        PassIfTextFound: true
        IgnoreCase: false
      }
    }
  }
}
