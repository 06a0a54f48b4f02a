using '../main.bicep'

// Only Microsoft's notification addresses, the availability tests and an office reach the app, and only a build agent deploys.
// The events go to a webhook, and the alerts to another. 192.0.2.0/24 and 198.51.100.0/24 are addresses for documentation (RFC 5737).

param name = 'print'
param entraClientId = '00000000-0000-4000-8000-000000000001'
param restrictInbound = true
param additionalClientAddresses = ['192.0.2.0/24']
param deploymentClientAddresses = ['198.51.100.7/32']
param eventSink = 'webhook'
param eventSinkWebhookUrl = 'https://events.example/print'
param alertWebhookUrl = 'https://on-call.example/print'
