import type { BlobStorageConfig, Config, QueueStorageConfig, StorageConfig } from '../../shared/config';
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

/** Gives the app access to a queue, table or container: the identity its role, or the settings a valid key. */
export function accessCommand(config: Config, resource: Resource): string {
  const { account, identity } = accountOf(config, resource);
  if (account === undefined) return 'az storage account show-connection-string --name <account> --output tsv';
  const scope = `"$(az storage account show --name ${account} --query id --output tsv)/${SCOPES[resource.kind]}/${resource.name}"`;
  const own = `$(az functionapp identity show ${APP} --query principalId --output tsv)`;
  const assignee =
    identity === undefined
      ? `--assignee-object-id "${own}" --assignee-principal-type ServicePrincipal`
      : `--assignee ${identity}`;
  const isConfig = resource.kind === 'container' && resource.name === CONTAINER_NAMES.config;
  const role = isConfig ? CONFIG_ROLE : ROLES[resource.kind];
  return `az role assignment create ${assignee} --role "${role}" --scope ${scope}`;
}

/** Changes a setting of the deployed app. The command line needs the same value. */
export function settingCommand(name: string): string {
  return `az functionapp config appsettings set ${APP} --settings "${name}=<value>"`;
}

interface Account {
  /** The setting with the connection string. */
  setting: string;
  /** The name of the account. Undefined with a connection string. */
  account?: string;
  /** The client id of the managed identity. Undefined for the system-assigned one. */
  identity?: string;
}

function accountOf(config: Config, { kind, name }: Resource): Account {
  const storage = storageOf(config, { kind, name });
  const setting = 'AzureWebJobsStorage';
  if ('connectionString' in storage) return { setting };
  const { hostname } = new URL(uriOf(storage, kind));
  const { managedIdentityClientId: identity } = storage;
  return { setting, account: hostname.split('.')[0] ?? '', ...(identity === undefined ? {} : { identity }) };
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
