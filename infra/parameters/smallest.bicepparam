using '../main.bicep'

// One region, public endpoints, and a backend that reads the events.

param name = 'print'
param entraClientId = '00000000-0000-4000-8000-000000000001'
param eventConsumerPrincipalId = '00000000-0000-4000-8000-000000000002'
