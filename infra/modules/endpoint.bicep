metadata description = 'A private endpoint of one service, with its record in the DNS zone.'

param name string
param location string
param tags object
param subnetId string
param dnsZoneId string
param targetId string

@description('Kind of endpoint: blob, queue, table or vault.')
param groupId string

resource endpoint 'Microsoft.Network/privateEndpoints@2025-01-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    subnet: { id: subnetId }
    privateLinkServiceConnections: [
      {
        name: groupId
        properties: {
          privateLinkServiceId: targetId
          groupIds: [groupId]
        }
      }
    ]
  }

  resource zone 'privateDnsZoneGroups' = {
    name: 'default'
    properties: { privateDnsZoneConfigs: [{ name: groupId, properties: { privateDnsZoneId: dnsZoneId } }] }
  }
}
