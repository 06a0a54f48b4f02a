import { isStorageWrite, nameEffect, type ProxyCall, type TargetName } from '../../../local/faultProxy/proxyCall';

// Addresses: https://learn.microsoft.com/rest/api/storageservices/ (operations on queues, messages, tables, entities),
// with the account name in the path as Azurite wants it; Graph: api-reference/v1.0.
test.each<[TargetName, string, string, string, string | undefined]>([
  ['queue', 'POST', '/devstoreaccount1/jobs/messages?messagettl=-1', 'queue.send', 'jobs'],
  ['queue', 'GET', '/devstoreaccount1/jobs/messages?numofmessages=16&visibilitytimeout=600', 'queue.receive', 'jobs'],
  ['queue', 'GET', '/devstoreaccount1/jobs/messages?peekonly=true', 'queue.peek', 'jobs'],
  ['queue', 'DELETE', '/devstoreaccount1/jobs/messages', 'queue.clear', 'jobs'],
  ['queue', 'DELETE', '/devstoreaccount1/jobs/messages/1-2?popreceipt=x', 'queue.delete', 'jobs'],
  ['queue', 'PUT', '/devstoreaccount1/jobs/messages/1-2?popreceipt=x&visibilitytimeout=30', 'queue.update', 'jobs'],
  ['queue', 'PUT', '/devstoreaccount1/jobs', 'queue.PUT', 'jobs'],
  ['queue', 'GET', '/devstoreaccount1/jobs?comp=metadata', 'queue.GET metadata', 'jobs'],
  ['queue', 'GET', '/devstoreaccount1?comp=list', 'queue.GET list', undefined],
  ['table', 'POST', '/devstoreaccount1/PrintJobs', 'table.insert', 'PrintJobs'],
  ['table', 'PUT', "/devstoreaccount1/PrintJobs(PartitionKey='a',RowKey='b')", 'table.update', 'PrintJobs'],
  ['table', 'PATCH', "/devstoreaccount1/PrintJobs(PartitionKey='a',RowKey='b')", 'table.merge', 'PrintJobs'],
  ['table', 'MERGE', "/devstoreaccount1/PrintJobs(PartitionKey='a',RowKey='b')", 'table.merge', 'PrintJobs'],
  ['table', 'DELETE', "/devstoreaccount1/PrintJobs(PartitionKey='a',RowKey='b')", 'table.delete', 'PrintJobs'],
  ['table', 'GET', '/devstoreaccount1/PrintJobs(PartitionKey=%27a%27,RowKey=%27b%27)', 'table.get', 'PrintJobs'],
  ['table', 'GET', '/devstoreaccount1/PrintJobs()?$filter=x', 'table.query', 'PrintJobs'],
  ['table', 'POST', '/devstoreaccount1/$batch', 'table.batch', undefined],
  ['table', 'POST', '/devstoreaccount1/Tables', 'table.createTable', undefined],
  ['table', 'DELETE', "/devstoreaccount1/Tables('Old')", 'table.deleteTable', 'Old'],
  ['table', 'GET', '/devstoreaccount1/Tables', 'table.listTables', undefined],
  ['table', 'HEAD', '/devstoreaccount1/PrintJobs', 'table.HEAD', 'PrintJobs'],
  ['blob', 'PUT', '/devstoreaccount1/hosts/locks/one?comp=lease', 'blob.PUT lease', 'hosts'],
  ['blob', 'GET', '/devstoreaccount1/hosts/locks/one', 'blob.GET', 'hosts'],
  [
    ...(['graph', 'GET', '/v1.0/print/printers/1a/jobs/17?$expand=tasks'] as const),
    ...(['graph.GET /v1.0/print/printers/{id}/jobs/{id}', undefined] as const),
  ],
  [
    ...(['graph', 'PATCH', '/v1.0/print/taskDefinitions/1a/tasks/2b'] as const),
    ...(['graph.PATCH /v1.0/print/taskDefinitions/{id}/tasks/{id}', undefined] as const),
  ],
  ['graph', 'POST', '/v1.0/subscriptions', 'graph.POST /v1.0/subscriptions', undefined],
  // concepts/json-batching.md: POST to $batch of either version.
  ['graph', 'POST', '/v1.0/$batch', 'graph.batch', undefined],
  ['graph', 'POST', '/beta/$batch', 'graph.batch', undefined],
])('%s %s %s is %s', (target, method, path, effect, resource) => {
  expect(nameEffect(target, method, path)).toEqual({
    effect,
    ...(resource === undefined ? {} : { resource }),
  });
});

test('writes are table writes, queue sends and queue deletes', () => {
  const calls = [
    ...['table.insert', 'table.update', 'table.merge', 'table.delete', 'table.batch', 'queue.send', 'queue.delete'],
    ...['table.get', 'table.query', 'queue.receive', 'queue.update', 'queue.peek', 'blob.PUT', 'graph.POST /v1.0/x'],
  ].map((effect, n): ProxyCall => ({ n, target: 'table', method: '', path: '', effect, startedAt: 0 }));
  expect(calls.map(isStorageWrite)).toEqual(calls.map((_call, index) => index < 7));
});
