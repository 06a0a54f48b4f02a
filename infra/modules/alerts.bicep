metadata description = 'Alerts over the metrics of the app, whom they notify, and the workbook. docs/alerts.md has a section for each alert.'

param name string
param location string
param tags object

@description('Whether the rules run. Deployed rules are not deleted by a later deployment without them, so they are switched off.')
param isEnabled bool

@description('E-mail addresses that are notified. Empty, with an empty webhookUrl: rules without an action.')
param emails string[]

@description('Address that each alert is posted to in the common alert schema.')
@secure()
param webhookUrl string

@description('Where docs/alerts.md is published. Empty: the path alone.')
param documentationUrl string

var alerts = loadJsonContent('../alerts/alerts.json')

@description('The queries, by the names of the alerts. A path to load has to be written out.')
var queries = {
  noData: loadTextContent('../alerts/noData.kql')
  settingsInvalid: loadTextContent('../alerts/settingsInvalid.kql')
  tasksLeftOpen: loadTextContent('../alerts/tasksLeftOpen.kql')
  jobsPastDeadline: loadTextContent('../alerts/jobsPastDeadline.kql')
  jobsUnreadable: loadTextContent('../alerts/jobsUnreadable.kql')
  jobsGone: loadTextContent('../alerts/jobsGone.kql')
  heldOverdue: loadTextContent('../alerts/heldOverdue.kql')
  queueStuck: loadTextContent('../alerts/queueStuck.kql')
  jobsLate: loadTextContent('../alerts/jobsLate.kql')
  notificationsLost: loadTextContent('../alerts/notificationsLost.kql')
  subscriptionsMissing: loadTextContent('../alerts/subscriptionsMissing.kql')
  subscriptionsExpiring: loadTextContent('../alerts/subscriptionsExpiring.kql')
  renewalNotRunning: loadTextContent('../alerts/renewalNotRunning.kql')
  sweepNotRunning: loadTextContent('../alerts/sweepNotRunning.kql')
  acknowledgementsSlow: loadTextContent('../alerts/acknowledgementsSlow.kql')
  acknowledgementsDropped: loadTextContent('../alerts/acknowledgementsDropped.kql')
  notificationsRefused: loadTextContent('../alerts/notificationsRefused.kql')
  unknownKey: loadTextContent('../alerts/unknownKey.kql')
  messagesHeld: loadTextContent('../alerts/messagesHeld.kql')
  notificationsNotStored: loadTextContent('../alerts/notificationsNotStored.kql')
  poison: loadTextContent('../alerts/poison.kql')
  poisonOld: loadTextContent('../alerts/poisonOld.kql')
  throttling: loadTextContent('../alerts/throttling.kql')
  consentWithdrawn: loadTextContent('../alerts/consentWithdrawn.kql')
  triggersLost: loadTextContent('../alerts/triggersLost.kql')
  actionsRefused: loadTextContent('../alerts/actionsRefused.kql')
  rulesInvalid: loadTextContent('../alerts/rulesInvalid.kql')
  watchSilent: loadTextContent('../alerts/watchSilent.kql')
  watchNeverSawJob: loadTextContent('../alerts/watchNeverSawJob.kql')
  printerNearLimit: loadTextContent('../alerts/printerNearLimit.kql')
  printerHeldJobs: loadTextContent('../alerts/printerHeldJobs.kql')
  archiveFailures: loadTextContent('../alerts/archiveFailures.kql')
  eventsDead: loadTextContent('../alerts/eventsDead.kql')
  eventsPostponed: loadTextContent('../alerts/eventsPostponed.kql')
  messagesRefused: loadTextContent('../alerts/messagesRefused.kql')
  functionsFailed: loadTextContent('../alerts/functionsFailed.kql')
}

var page = empty(documentationUrl) ? 'docs/alerts.md' : documentationUrl
var isNotifying = !empty(emails) || !empty(webhookUrl)

resource workspace 'Microsoft.OperationalInsights/workspaces@2025-02-01' existing = {
  name: '${name}-logs'
}

resource operators 'Microsoft.Insights/actionGroups@2023-01-01' = if (isNotifying) {
  name: '${name}-operators'
  location: 'Global'
  tags: tags
  properties: {
    enabled: true
    // The sender of text messages and a part of each subject: 12 characters at most.
    groupShortName: 'print jobs'
    emailReceivers: [
      for (email, index) in emails: {
        name: 'email ${index + 1}'
        emailAddress: email
        useCommonAlertSchema: true
      }
    ]
    webhookReceivers: empty(webhookUrl)
      ? []
      : [
          {
            name: 'webhook'
            serviceUri: webhookUrl
            useCommonAlertSchema: true
          }
        ]
  }
}

resource rules 'Microsoft.Insights/scheduledQueryRules@2026-03-01' = [
  for alert in alerts: {
    name: '${name}-${alert.name}'
    location: location
    tags: tags
    kind: 'LogAlert'
    properties: {
      displayName: '${name}: ${alert.title}'
      // The first line of the query without its comment sign, and the section of the page that says what to do.
      description: '${substring(split(queries[alert.name], '\n')[0], 3)} See ${page}#${replace(toLower(alert.title), ' ', '-')}'
      severity: alert.severity
      enabled: isEnabled
      evaluationFrequency: alert.frequency
      windowSize: alert.window
      scopes: [workspace.id]
      skipQueryValidation: true // A workspace without data may not know the table yet. A test has bound the query to it.
      autoMitigate: true
      criteria: {
        allOf: [
          {
            query: queries[alert.name]
            timeAggregation: 'Count'
            operator: 'GreaterThan'
            threshold: 0
            dimensions: map(alert.dimensions, column => { name: column, operator: 'Include', values: ['*'] })
            failingPeriods: { numberOfEvaluationPeriods: 1, minFailingPeriodsToAlert: 1 }
          }
        ]
      }
      actions: {
        actionGroups: isNotifying ? [operators.id] : []
      }
    }
  }
]

resource workbook 'Microsoft.Insights/workbooks@2023-06-01' = {
  // The service wants a GUID.
  name: guid(workspace.id, 'workbook')
  location: location
  tags: tags
  kind: 'shared'
  properties: {
    displayName: '${name} jobs'
    category: 'workbook'
    sourceId: workspace.id
    serializedData: loadTextContent('../workbook.json')
    version: 'Notebook/1.0'
  }
}
