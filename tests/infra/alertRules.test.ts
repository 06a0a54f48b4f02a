import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readAlerts } from './alertFiles';
import { ofType, PARAMETER_SETS, readSnapshot, record, records, single, type ParameterSet } from './snapshots';

describe('the alert rules', () => {
  const rulesOf = (set: ParameterSet) => ofType(readSnapshot(set), 'Microsoft.Insights/scheduledQueryRules');

  it.each(PARAMETER_SETS)('are those of infra/alerts with the parameters %s', (set) => {
    const deployed = rulesOf(set).map(({ name, properties }) => {
      const [condition] = records(record(properties['criteria'])['allOf']);
      return {
        name: name.replace(/^print-/, ''),
        title: String(properties['displayName']).replace(/^print: /, ''),
        severity: properties['severity'],
        frequency: properties['evaluationFrequency'],
        window: properties['windowSize'],
        dimensions: records(condition?.['dimensions']).map((dimension) => dimension['name']),
        query: condition?.['query'],
      };
    });
    expect(deployed).toEqual(readAlerts());
  });

  it('fire on any row of the own workspace, and resolve by themselves', () => {
    for (const { properties } of rulesOf('smallest')) {
      expect(properties).toMatchObject({ enabled: true, autoMitigate: true });
      expect(String(properties['scopes'])).toMatch(/\/workspaces\/print-logs$/);
      const conditions = records(record(properties['criteria'])['allOf']);
      expect(conditions).toMatchObject([{ timeAggregation: 'Count', operator: 'GreaterThan', threshold: 0 }]);
      const values = records(conditions[0]?.['dimensions']).map((dimension) => [
        dimension['operator'],
        dimension['values'],
      ]);
      expect(values).toEqual(values.map(() => ['Include', ['*']]));
    }
  });

  it('link to their sections', () => {
    const link = (set: ParameterSet) =>
      rulesOf(set).map(({ properties }) => / See (\S+)$/.exec(String(properties['description']))?.[1]);
    const sections = readAlerts().map(({ title }) => title.toLowerCase().replaceAll(' ', '-'));
    expect(link('smallest')).toEqual(sections.map((section) => `docs/alerts.md#${section}`));
    expect(link('zoneRedundant')).toEqual(sections.map((section) => `https://contoso.example/print/alerts#${section}`));
  });

  it('notify the addresses and the webhook that are given', () => {
    // A secure parameter stays an expression. Without addresses, it alone decides whether there is an action group.
    const onWebhook = /^\[(if\()?or\(false\(\), not\(empty\(parameters\('(alertW|w)ebhookUrl'\)\)\)\)/;
    const none = single(readSnapshot('smallest'), 'Microsoft.Insights/actionGroups');
    expect(none.record['condition']).toMatch(onWebhook);
    expect(none.properties['emailReceivers']).toEqual([]);
    for (const { properties } of rulesOf('smallest')) {
      expect(record(properties['actions'])['actionGroups']).toMatch(onWebhook);
    }
    const group = single(readSnapshot('zoneRedundant'), 'Microsoft.Insights/actionGroups');
    expect(group.properties['emailReceivers']).toMatchObject([{ emailAddress: 'operators@contoso.example' }]);
    // Bounds of the REST reference of action groups.
    expect(String(group.properties['groupShortName']).length).toBeLessThanOrEqual(12);
    for (const { properties } of rulesOf('zoneRedundant'))
      expect(properties['actions']).toEqual({ actionGroups: [group.id] });
    const webhook = single(readSnapshot('inboundRestriction'), 'Microsoft.Insights/actionGroups');
    expect(String(webhook.properties['webhookReceivers'])).toContain("'serviceUri', parameters('webhookUrl')");
  });

  it('come with the workbook', () => {
    const { properties } = single(readSnapshot('smallest'), 'Microsoft.Insights/workbooks');
    const file = readFileSync(join(__dirname, '..', '..', 'infra', 'workbook.json'), 'utf8');
    expect(properties['serializedData']).toBe(file);
  });
});
