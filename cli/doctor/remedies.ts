import type { BlobStorageConfig, Config, OwnIdentity, QueueStorageConfig, StorageConfig } from '../../shared/config';
import { CONTAINER_NAMES, isEventsQueue } from '../../shared/storage/account';

/** One queue, table or container of the product, as `az` names it. */
export interface Resource {
  kind: 'queue' | 'table' | 'container';
  name: string;
}

/** The built-in roles of Azure Storage that the app needs (built-in-roles/storage). */
const ROLES = {
  queue: 'Storage Queue Data Contributor',
  table: 'Storage Table Data Contributor',
  container: 'Storage Blob Data Contributor',
} as const;
/** The app reads its rules and never writes them. */
const CONFIG_ROLE = 'Storage Blob Data Reader';

/** The path of a resource below its account, as scopes of role assignments name it. */
const SCOPES = {
  queue: 'queueServices/default/queues',
  table: 'tableServices/default/tables',
  container: 'blobServices/default/containers',
} as const;

/** The function app, which no setting names. */
export const APP = '--name <app> --resource-group <group>';

/** Creates a queue, table or container. */
export function createCommand(config: Config, resource: Resource): string {
  const { setting, account } = accountOf(config, resource);
  const where =
    account === undefined ? `--connection-string "$${setting}"` : `--account-name ${account} --auth-mode login`;
  return `az storage ${resource.kind} create --name ${resource.name} ${where}`;
}

/**
 * Gives access to a queue, table or container to the identity that the settings name: the managed identity of the app, or the
 * person of `az login`. With a connection string, it shows a valid one.
 */
export function accessCommand(config: Config, resource: Resource): string {
  const { account, assignee } = accountOf(config, resource);
  if (account === undefined) return 'az storage account show-connection-string --name <account> --output tsv';
  const scope = `"$(az storage account show --name ${account} --query id --output tsv)/${SCOPES[resource.kind]}/${resource.name}"`;
  const isConfig = resource.kind === 'container' && resource.name === CONTAINER_NAMES.config;
  const role = isConfig ? CONFIG_ROLE : ROLES[resource.kind];
  return `az role assignment create ${assignee} --role "${role}" --scope ${scope}`;
}

/** The secrets of the vault (infra/main.bicep). The settings of these names only refer to it. */
const VAULT_SECRETS: Readonly<Record<string, string>> = {
  CLIENT_STATE_KEYS: 'client-state-keys',
  EVENTS_SINK_WEBHOOK_SECRETS: 'events-sink-webhook-secrets',
};
const OTHER_SECRETS = ['ENTRA_CLIENT_SECRET', 'ENTRA_CLIENT_CERTIFICATE', 'EVENTS_SINK_WEBHOOK_URL'];

/**
 * Changes a setting of the deployed app. The command line needs the same value. Secrets come from a file, because other users
 * of a machine see the arguments of its programs.
 */
export function settingCommands(name: string): string[] {
  const secret = VAULT_SECRETS[name];
  if (secret !== undefined) {
    return [
      `az keyvault secret set --vault-name <vault> --name ${secret} --file <file> --encoding utf-8 --output none`,
      `az rest --method post --url "$(az functionapp show ${APP} --query id --output tsv)/config/configreferences/appsettings/refresh?api-version=2025-03-01"`,
      `az functionapp restart ${APP}`,
    ];
  }
  const value = OTHER_SECRETS.includes(name) ? '@<file.json>' : `"${name}=<value>"`;
  return [`az functionapp config appsettings set ${APP} --settings ${value}`];
}

interface Account {
  /** The setting with the connection string. */
  setting: string;
  /** The name of the account. Undefined with a connection string. */
  account?: string;
  /** The options of `az role assignment create` for the identity that the settings name. */
  assignee: string;
}

function accountOf(config: Config, { kind, name }: Resource): Account {
  const storage = storageOf(config, { kind, name });
  const setting = 'AzureWebJobsStorage';
  if ('connectionString' in storage) return { setting, assignee: '' };
  const { hostname } = new URL(uriOf(storage, kind));
  return { setting, account: hostname.split('.')[0] ?? '', assignee: assigneeOf(storage) };
}

function assigneeOf({ managedIdentityClientId, azureCli }: OwnIdentity): string {
  if (managedIdentityClientId !== undefined) return `--assignee ${managedIdentityClientId}`;
  const [id, type] = azureCli
    ? ['az ad signed-in-user show --query id --output tsv', 'User']
    : [`az functionapp identity show ${APP} --query principalId --output tsv`, 'ServicePrincipal'];
  return `--assignee-object-id "$(${id})" --assignee-principal-type ${type}`;
}

function storageOf(config: Config, { kind, name }: Resource): StorageConfig | QueueStorageConfig | BlobStorageConfig {
  if (kind === 'container') return config.dataStorage;
  return kind === 'queue' && isEventsQueue(name) ? config.eventsStorage : config.storage;
}

function uriOf(
  storage: Exclude<ReturnType<typeof storageOf>, { connectionString: string }>,
  kind: Resource['kind'],
): string {
  if (kind === 'queue' && 'queueServiceUri' in storage) return storage.queueServiceUri;
  if (kind === 'table' && 'tableServiceUri' in storage) return storage.tableServiceUri;
  if (kind === 'container' && 'blobServiceUri' in storage) return storage.blobServiceUri;
  throw new TypeError(`The account has no ${kind}`);
}
