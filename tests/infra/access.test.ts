import { QUEUE_NAMES } from '../../shared/storage/account';
import {
  givenRoles,
  ofType,
  PARAMETER_SETS,
  readSnapshot,
  record,
  records,
  single,
  type ParameterSet,
} from './snapshots';

describe('the roles', () => {
  // Ids of built-in roles (role-based-access-control/built-in-roles).
  const [BLOB_OWNER, BLOB_READER, BLOB_CONTRIBUTOR] = [
    'b7e6dc6d-f1e8-4753-8033-0f276bb0955b',
    '2a2b9908-6ea1-4ae2-8e65-a410df84e7d1',
    'ba92f5b4-2d11-453d-a403-e96b0029c9fe',
  ];
  const QUEUE_CONTRIBUTOR = '974c5e8b-45b9-4653-ba55-5f855dd0fb88';
  const QUEUE_PROCESSOR = '8a0f0c08-91a1-4084-bc3d-661d67233fed';
  const TABLE_CONTRIBUTOR = '0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3';
  const METRICS_PUBLISHER = '3913510d-42f4-4e42-8a64-420c390055eb';
  const SECRETS_USER = '4633458b-17de-408a-b874-0445c86b69e6';
  const EVENT_GRID_SENDER = 'd5a91429-5739-47e2-a06b-3470a27159e7';
  const CONSUMER = '00000000-0000-4000-8000-000000000002';
  const token = /kv-(.*)/.exec(single(readSnapshot('smallest'), 'Microsoft.KeyVault/vaults').name)?.[1] ?? '';
  const account = (kind: string) => `Microsoft.Storage/storageAccounts/upr${kind}${token}`;
  const ofApp = [
    [BLOB_OWNER, account('host')],
    [QUEUE_CONTRIBUTOR, account('host')],
    [TABLE_CONTRIBUTOR, account('host')],
    [BLOB_READER, `${account('data')}/blobServices/default/containers/config`],
    [BLOB_CONTRIBUTOR, `${account('data')}/blobServices/default/containers/documents`],
    [SECRETS_USER, `Microsoft.KeyVault/vaults/kv-${token}`],
    [METRICS_PUBLISHER, 'Microsoft.Insights/components/print-insights'],
  ];
  const given = (set: ParameterSet, isConsumer: boolean) =>
    givenRoles(readSnapshot(set))
      .filter(({ principal }) => (principal === CONSUMER) === isConsumer)
      .map(({ role, scope }) => [role, scope])
      .sort();

  it('of the app are what it uses and no more', () => {
    expect(given('smallest', false)).toEqual([...ofApp].sort());
    expect(given('inboundRestriction', false)).toEqual([...ofApp].sort());
  });

  it('of the app include the account of the events, and the topic, where there is one', () => {
    expect(given('privateNetwork', false)).toEqual([...ofApp, [QUEUE_CONTRIBUTOR, account('events')]].sort());
    const topic = 'Microsoft.EventGrid/topics/print-events';
    expect(given('zoneRedundant', false)).toEqual([...ofApp, [EVENT_GRID_SENDER, topic]].sort());
  });

  it('of the backend are those of a reader of the events queue alone', () => {
    const queue = (kind: string) => `${account(kind)}/queueServices/default/queues/${QUEUE_NAMES.jobEvents}`;
    expect(given('smallest', true)).toEqual([[QUEUE_PROCESSOR, queue('host')]]);
    expect(given('privateNetwork', true)).toEqual([[QUEUE_PROCESSOR, queue('events')]]);
    expect(given('inboundRestriction', true)).toEqual([]);
  });

  it('are given to the identity of the app, or to the backend', () => {
    for (const { principal, principalType } of PARAMETER_SETS.flatMap((set) => givenRoles(readSnapshot(set)))) {
      expect(
        principal === CONSUMER || /\/userAssignedIdentities\/print-identity', '[0-9-]+'\)\.principalId/.test(principal),
      ).toBe(true);
      expect(principalType).toBe('ServicePrincipal');
    }
  });
});

describe('the inbound restriction', () => {
  const siteConfig = (set: ParameterSet) =>
    record(single(readSnapshot(set), 'Microsoft.Web/sites').properties['siteConfig']);

  it('is off by default', () => {
    expect(siteConfig('smallest')).toMatchObject({
      ipSecurityRestrictionsDefaultAction: 'Allow',
      ipSecurityRestrictions: [],
      scmIpSecurityRestrictionsDefaultAction: 'Allow',
    });
  });

  it('lets in the published notification addresses, availability tests and named clients alone', () => {
    const config = siteConfig('inboundRestriction');
    expect(config['ipSecurityRestrictionsDefaultAction']).toBe('Deny');
    const rules = records(config['ipSecurityRestrictions']);
    expect(rules.map(({ ipAddress }) => ipAddress)).toEqual([
      // Change notifications of Microsoft Graph (additional-office365-ip-addresses-and-urls).
      ...['20.20.32.0/19', '20.190.128.0/18', '20.231.128.0/19', '40.126.0.0/18'],
      'ApplicationInsightsAvailability',
      '192.0.2.0/24',
    ]);
    expect(rules.every(({ action }) => action === 'Allow')).toBe(true);
    expect(new Set(rules.map(({ priority }) => priority)).size).toBe(rules.length);
  });

  it('gives the deployment site a list of its own', () => {
    const config = siteConfig('inboundRestriction');
    expect(config).toMatchObject({
      scmIpSecurityRestrictionsUseMain: false,
      scmIpSecurityRestrictionsDefaultAction: 'Deny',
    });
    expect(records(config['scmIpSecurityRestrictions']).map(({ ipAddress }) => ipAddress)).toEqual(['198.51.100.7/32']);
  });
});

describe('the private network', () => {
  const resources = readSnapshot('privateNetwork');

  it('closes storage and vault to the public internet', () => {
    const closed = [
      ...ofType(resources, 'Microsoft.Storage/storageAccounts'),
      single(resources, 'Microsoft.KeyVault/vaults'),
    ];
    expect(closed).toHaveLength(4);
    for (const { properties } of closed) {
      expect(properties).toMatchObject({ publicNetworkAccess: 'Disabled', networkAcls: { defaultAction: 'Deny' } });
    }
  });

  it('has an endpoint for each service that the settings name', () => {
    const endpoints = ofType(resources, 'Microsoft.Network/privateEndpoints').map(({ properties }) => {
      const [connection] = records(properties['privateLinkServiceConnections']);
      const { privateLinkServiceId, groupIds } = record(connection?.['properties']);
      return `${String(privateLinkServiceId)
        .split('/')
        .at(-1)
        ?.replace(/[a-z0-9]{13}$/, '')} ${String(groupIds)}`;
    });
    expect(endpoints.sort()).toEqual(
      ['uprhost blob', 'uprhost queue', 'uprhost table', 'uprdata blob', 'uprevents queue', 'kv- vault'].sort(),
    );
  });

  it('integrates the app into a subnet for Flex Consumption that leads out', () => {
    const site = single(resources, 'Microsoft.Web/sites').properties;
    expect(String(site['virtualNetworkSubnetId'])).toMatch(/\/virtualNetworks\/print-network\/subnets\/app$/);
    const [app] = records(single(resources, 'Microsoft.Network/virtualNetworks').properties['subnets']);
    expect(app).toMatchObject({
      name: 'app',
      properties: {
        delegations: [{ properties: { serviceName: 'Microsoft.App/environments' } }],
        natGateway: { id: expect.stringContaining('/natGateways/print-nat') as string },
      },
    });
  });

  it('is absent by default', () => {
    const types = readSnapshot('smallest').map(({ type }) => type);
    expect(types.filter((type) => type.startsWith('Microsoft.Network/'))).toEqual([]);
    expect(single(readSnapshot('smallest'), 'Microsoft.Web/sites').properties['virtualNetworkSubnetId']).toBeNull();
  });
});
