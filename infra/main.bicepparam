using 'main.bicep'

// What azd deploys: azd puts its environment into variables, and `azd env set NAME value` sets one. To use other parameters,
// write them here. The files in parameters/ show complete sets.

param name = toLower(readEnvironmentVariable('AZURE_ENV_NAME'))
param location = readEnvironmentVariable('AZURE_LOCATION')
param tags = { 'azd-env-name': readEnvironmentVariable('AZURE_ENV_NAME') }
param entraClientId = readEnvironmentVariable('ENTRA_CLIENT_ID')
param eventConsumerPrincipalId = readEnvironmentVariable('EVENT_CONSUMER_PRINCIPAL_ID', '')
