using '../main.bicep'

// Plan and storage in three zones, updates without a restart, events in an Event Grid topic, and alerts by e-mail.

param name = 'print'
param entraClientId = '00000000-0000-4000-8000-000000000001'
param zoneRedundant = true
param updateStrategy = 'RollingUpdate'
param eventSink = 'eventGrid'
param eventSinkTopicName = 'print-events'
param alertEmails = ['operators@contoso.example']
param alertDocumentationUrl = 'https://contoso.example/print/alerts'
