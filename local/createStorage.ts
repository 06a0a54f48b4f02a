import { TableServiceClient } from '@azure/data-tables';
import { QueueServiceClient } from '@azure/storage-queue';

/** What is made once in Azure (README, Deploy); the deployed app needs no right to create. */
const QUEUES = ['print-notifications', 'subscription-events', 'print-job-events'];
const TABLES = ['Tenants', 'Subscriptions', 'PrintJobs'];

/** Makes the queues, their poison queues and the tables of the local cloud. May be called again. */
export async function createStorage(connectionString: string): Promise<void> {
  const queues = QueueServiceClient.fromConnectionString(connectionString);
  const tables = TableServiceClient.fromConnectionString(connectionString, { allowInsecureConnection: true });
  await Promise.all([
    ...QUEUES.flatMap((name) => [name, `${name}-poison`]).map((name) =>
      queues.getQueueClient(name).createIfNotExists(),
    ),
    // createTable of this SDK takes a table that exists already as made.
    ...TABLES.map((name) => tables.createTable(name)),
  ]);
}
