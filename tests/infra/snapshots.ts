import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isRecord, parseJson, parseText } from '../../shared/parse';

/** The parameter sets that infra/parameters documents. `npm run check` holds their snapshots equal to the template. */
export const PARAMETER_SETS = ['smallest', 'privateNetwork', 'inboundRestriction', 'zoneRedundant'] as const;

export type ParameterSet = (typeof PARAMETER_SETS)[number];

/** A resource as it would be deployed. What only Azure knows is an expression in brackets. */
export interface PredictedResource {
  id: string;
  type: string;
  /** The last part of its name. */
  name: string;
  record: Record<string, unknown>;
  properties: Record<string, unknown>;
}

/** A role that is given: by the id of its definition, on a resource, to a principal. */
export interface GivenRole {
  role: string;
  /** The resource that the role is given on, without subscription and group. */
  scope: string;
  principal: string;
  principalType: string;
}

const infra = join(__dirname, '..', '..', 'infra');

/** The resources of a parameter set, from its committed snapshot. */
export function readSnapshot(set: ParameterSet): PredictedResource[] {
  const text = readFileSync(join(infra, 'parameters', `${set}.snapshot.json`), 'utf8');
  const snapshot = parseJson(text);
  const resources = isRecord(snapshot) ? snapshot['predictedResources'] : undefined;
  if (!Array.isArray(resources)) throw new Error(`The snapshot of ${set} lists no resources`);
  return resources.filter(isRecord).map((record) => ({
    id: parseText(record['id']),
    type: parseText(record['type']),
    name: parseText(record['name']).split('/').at(-1) ?? '',
    record,
    properties: isRecord(record['properties']) ? record['properties'] : {},
  }));
}

export function ofType(resources: readonly PredictedResource[], type: string): PredictedResource[] {
  return resources.filter((resource) => resource.type === type);
}

/** The object or the list of objects that a property is. */
export function record(value: unknown): Record<string, unknown> {
  if (!isRecord(value)) throw new Error('The property is no object');
  return value;
}

export function records(value: unknown): Record<string, unknown>[] {
  if (!Array.isArray(value)) throw new Error('The property is no list');
  return value.map(record);
}

/** The one resource of a type. */
export function single(resources: readonly PredictedResource[], type: string): PredictedResource {
  const [one, ...others] = ofType(resources, type);
  if (one === undefined || others.length > 0) throw new Error(`There is not one ${type}, but ${others.length + 1}`);
  return one;
}

export function givenRoles(resources: readonly PredictedResource[]): GivenRole[] {
  return ofType(resources, 'Microsoft.Authorization/roleAssignments').map(({ id, properties }) => ({
    role: parseText(properties['roleDefinitionId']).split('/').at(-1) ?? '',
    scope: id.replace(/^\/subscriptions\/[^/]+\/resourceGroups\/[^/]+\/providers\//, '').split('/providers/')[0] ?? '',
    principal: parseText(properties['principalId']),
    principalType: parseText(properties['principalType']),
  }));
}

/** The secrets that the references of settings lead to. */
export type Secrets = Readonly<Record<string, string>>;

/** The settings of the app as the app would read them in the public cloud: Azure has filled in what it knows. */
export function settingsInAzure(resources: readonly PredictedResource[], secrets: Secrets): Record<string, string> {
  const settings = single(resources, 'Microsoft.Web/sites/config').properties;
  const resolved = Object.entries(settings).map(([name, value]) => [name, resolve(parseText(value), secrets)]);
  return Object.fromEntries(resolved) as Record<string, string>;
}

/** Evaluates the few forms of expressions that the settings have, and fails on any other. */
function resolve(text: string, secrets: Secrets): string {
  const expression = /^\[(.*)\]$/s.exec(text)?.[1];
  if (expression === undefined) return text;
  const value = evaluate(expression);
  const secret = /^@Microsoft\.KeyVault\(SecretUri=https:\/\/[a-z0-9-]+\.vault\.azure\.net\/secrets\/([a-z-]+)\)$/.exec(
    value,
  )?.[1];
  return secret === undefined ? value : (secrets[secret] ?? value);
}

const REFERENCE = /^reference\('[^']*\/([^/']+)', '[0-9-]+'\)\.([A-Za-z.]+)$/;
const FORMAT = /^format\('([^']*)', (.*)\)$/s;

function evaluate(expression: string): string {
  const format = FORMAT.exec(expression);
  if (format) {
    const [, pattern = '', rest = ''] = format;
    const values = splitArguments(rest).map((one) => evaluate(one));
    return pattern.replace(/\{(\d+)\}/g, (_, index: string) => values[Number(index)] ?? '');
  }
  const literal = /^'([^']*)'$/.exec(expression)?.[1];
  if (literal !== undefined) return literal;
  if (expression === 'environment().authentication.loginEndpoint') return 'https://login.microsoftonline.com/';
  if (/^if\(empty\(parameters\('eventSinkWebhookUrl'\)\), fail\(/.test(expression))
    return 'https://events.example/print';
  const [, name = '', property = ''] = REFERENCE.exec(expression) ?? [];
  const [kind, service] = property.split('.');
  if (kind === 'primaryEndpoints') return `https://${name}.${service}.core.windows.net/`;
  if (kind === 'clientId') return '33333333-3333-4333-8333-333333333333';
  if (kind === 'vaultUri') return `https://${name}.vault.azure.net/`;
  if (kind === 'defaultHostName') return `${name}-a1b2c3d4.westeurope-01.azurewebsites.net`;
  if (kind === 'ConnectionString') return 'InstrumentationKey=44444444-4444-4444-8444-444444444444';
  if (kind === 'endpoint') return `https://${name}.westeurope-1.eventgrid.azure.net/api/events`;
  throw new Error(`The expression is of no known form: ${expression}`);
}

/** The arguments of a call: at each comma outside parentheses. */
function splitArguments(text: string): string[] {
  const parts = [''];
  let depth = 0;
  for (const character of text) {
    if (character === '(') depth += 1;
    if (character === ')') depth -= 1;
    if (character === ',' && depth === 0) parts.push('');
    else parts.push(`${parts.pop() ?? ''}${character}`);
  }
  return parts.map((part) => part.trim());
}
