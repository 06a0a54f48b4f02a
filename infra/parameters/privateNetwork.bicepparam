using '../main.bicep'

// Storage and vault are reachable from a virtual network alone, and the events have an account of their own.

param name = 'print'
param entraClientId = '00000000-0000-4000-8000-000000000001'
param eventConsumerPrincipalId = '00000000-0000-4000-8000-000000000002'
param privateNetwork = true
param virtualNetworkAddressPrefix = '10.40.0.0/22'
param separateEventsAccount = true
