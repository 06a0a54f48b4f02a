import { RestError } from '@azure/storage-queue';
import { checkContainer, checkQueue, checkTable } from '../../../cli/doctor/storageChecks';
import { readConfig, type Config } from '../../../shared/config';
import { toStorageError } from '../../../shared/storage/errors';
import { CLI_ENV } from '../../support/createCliWorld';
import { createMemoryContainer } from '../../support/memoryContainer';
import { createMemoryQueueContents } from '../../support/memoryQueueContents';
import { createMemoryTable } from '../../support/memoryTable';

const LOCAL = readConfig(CLI_ENV);
const IDENTITY = '66666666-6666-6666-6666-666666666666';
const identityEnv = {
  ...CLI_ENV,
  AzureWebJobsStorage: '',
  GRAPH_CREDENTIAL: 'federated',
  MANAGED_IDENTITY_CLIENT_ID: IDENTITY,
  GRAPH_BASE_URL: '',
  AzureWebJobsStorage__blobServiceUri: 'https://contoso.blob.core.windows.net',
  AzureWebJobsStorage__queueServiceUri: 'https://contoso.queue.core.windows.net',
  AzureWebJobsStorage__tableServiceUri: 'https://contoso.table.core.windows.net',
  AzureWebJobsStorage__clientId: IDENTITY,
  EVENTS_STORAGE__queueServiceUri: 'https://events.queue.core.windows.net',
  DATA_STORAGE__blobServiceUri: 'https://data.blob.core.windows.net',
};
const AZURE = readConfig(identityEnv);
const { AzureWebJobsStorage__clientId: _clientId, ...outsideAzure } = identityEnv;
/** App Service sets it (app-service/reference-app-settings). */
const systemAssigned = { ...outsideAzure, WEBSITE_INSTANCE_ID: 'a1' };

/** What shared/storage throws for such an answer. */
const answered = (status: number) => (): Promise<never> => {
  throw toStorageError(new RestError('no', { statusCode: status }), 'storageUnavailable', 'https://contoso.example/x');
};

type Part = 'read' | 'write' | 'delete';
const queueWith = (broken: Partial<Record<Part, number>>) => {
  const { read, write, delete: removal } = broken;
  return {
    ...createMemoryQueueContents(),
    ...(read === undefined ? {} : { peek: answered(read) }),
    ...(write === undefined ? {} : { show: answered(write) }),
    ...(removal === undefined ? {} : { remove: answered(removal) }),
  };
};
const tableWith = ({ read, write, delete: removal }: Partial<Record<Part, number>>) => ({
  ...createMemoryTable(),
  ...(read === undefined ? {} : { get: answered(read) }),
  ...(write === undefined ? {} : { write: answered(write) }),
  ...(removal === undefined ? {} : { remove: answered(removal) }),
});
const containerWith = ({ read, write, delete: removal }: Partial<Record<Part, number>>) => ({
  ...createMemoryContainer(),
  ...(read === undefined ? {} : { read: answered(read) }),
  ...(write === undefined ? {} : { write: answered(write) }),
  ...(removal === undefined ? {} : { remove: answered(removal) }),
});

const check = (kind: 'queue' | 'table' | 'container', config: Config, broken: Partial<Record<Part, number>> = {}) => {
  if (kind === 'queue') return checkQueue({ config, queue: queueWith(broken) }, 'print-archive');
  if (kind === 'table') return checkTable({ config, table: tableWith(broken) }, 'PrintJobs');
  return checkContainer({ config, container: containerWith(broken) }, 'documents', { isWritten: true });
};

const KINDS = ['queue', 'table', 'container'] as const;
const NAMES = { queue: 'print-archive', table: 'PrintJobs', container: 'documents' };

describe.each(KINDS)('the check of a %s', (kind) => {
  it('reads, writes and deletes, and passes', async () => {
    expect(await check(kind, LOCAL)).toEqual({
      check: `${kind} ${NAMES[kind]}`,
      state: 'ok',
      seen: 'read, write, delete',
    });
  });

  it('fails when it does not exist, with the command that creates it', async () => {
    expect(await check(kind, LOCAL, { read: 404 })).toEqual({
      check: `${kind} ${NAMES[kind]}`,
      state: 'failed',
      seen: `The ${kind} does not exist`,
      remedies: [`az storage ${kind} create --name ${NAMES[kind]} --connection-string "$AzureWebJobsStorage"`],
    });
    const account = kind === 'container' ? 'data' : 'contoso';
    expect((await check(kind, AZURE, { read: 404 })).remedies).toEqual([
      `az storage ${kind} create --name ${NAMES[kind]} --account-name ${account} --auth-mode login`,
    ]);
  });

  it.each(['read', 'write', 'delete'] as const)('fails when the identity may not %s', async (part) => {
    const { state, seen, remedies } = await check(kind, AZURE, { [part]: 403 });
    expect([state, seen]).toEqual(['failed', `No permission to ${part}. A new role takes effect after a few minutes`]);
    // built-in-roles/storage, and the resource ids of the pages of role assignments.
    const role = { queue: 'Queue', table: 'Table', container: 'Blob' }[kind];
    const scope = {
      queue: 'contoso --query id --output tsv)/queueServices/default/queues/print-archive',
      table: 'contoso --query id --output tsv)/tableServices/default/tables/PrintJobs',
      container: 'data --query id --output tsv)/blobServices/default/containers/documents',
    }[kind];
    expect(remedies).toEqual([
      `az role assignment create --assignee ${IDENTITY} --role "Storage ${role} Data Contributor" --scope "$(az storage account show --name ${scope}"`,
    ]);
  });

  it('names the person of az login on the machine of an operator, whose settings name no identity', async () => {
    const [command = ''] = (await check(kind, readConfig(outsideAzure), { read: 403 })).remedies ?? [];
    expect(command).toContain(
      '--assignee-object-id "$(az ad signed-in-user show --query id --output tsv)" --assignee-principal-type User',
    );
  });

  it('names the system-assigned identity where the app names none, and the key where the settings have one', async () => {
    const [command = ''] = (await check(kind, readConfig(systemAssigned), { read: 403 })).remedies ?? [];
    expect(command).toContain('--assignee-object-id "$(az functionapp identity show');
    expect((await check(kind, LOCAL, { read: 401 })).remedies).toEqual([
      'az storage account show-connection-string --name <account> --output tsv',
    ]);
  });

  it('says that a permission is unknown where the service does not accept the form of the try', async () => {
    expect(await check(kind, AZURE, { write: 400 })).toEqual({
      check: `${kind} ${NAMES[kind]}`,
      state: 'warning',
      seen: 'The service refused the try to write for its form, so this permission is unknown',
    });
  });

  it('leaves an outage to the caller', async () => {
    await expect(check(kind, LOCAL, { write: 503 })).rejects.toMatchObject({ code: 'storageUnavailable' });
  });
});

it('the queues of events may lie in an account of their own', async () => {
  const found = await checkQueue({ config: AZURE, queue: queueWith({ read: 404 }) }, 'print-job-events');
  expect(found.remedies).toEqual([
    'az storage queue create --name print-job-events --account-name events --auth-mode login',
  ]);
});

it('the container of the configuration is only read', async () => {
  const container = containerWith({ write: 403, delete: 403 });
  const found = await checkContainer({ config: AZURE, container }, 'config', { isWritten: false });
  expect(found).toEqual({ check: 'container config', state: 'ok', seen: 'read' });
  const refused = containerWith({ read: 403 });
  const { remedies } = await checkContainer({ config: AZURE, container: refused }, 'config', { isWritten: false });
  expect(remedies).toEqual([expect.stringContaining('--role "Storage Blob Data Reader"')]);
});

it('nothing is stored, and no message is shown or taken', async () => {
  const table = createMemoryTable();
  const container = createMemoryContainer();
  const queue = createMemoryQueueContents();
  await queue.send('a message');
  await queue.take(60);
  await queue.send('another');
  await checkTable({ config: LOCAL, table }, 'PrintJobs');
  await checkContainer({ config: LOCAL, container }, 'documents', { isWritten: true });
  await checkQueue({ config: LOCAL, queue }, 'print-notifications');
  for await (const row of table.list()) expect(row).toBeUndefined();
  expect(container.texts.size).toBe(0);
  expect([queue.texts(), await queue.count()]).toEqual([['another'], 2]);
});
