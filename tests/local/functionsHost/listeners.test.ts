import { hostBlobService, queueService } from '../../../local/functionsHost/listeners';

// Connection names: Microsoft's article functions-reference (identity-based connections); ports: Azurite's README.
test('UseDevelopmentStorage=true means the default Azurite ports', () => {
  const env = { AzureWebJobsStorage: 'UseDevelopmentStorage=true' };
  expect(queueService(env, 'AzureWebJobsStorage').url).toBe('http://127.0.0.1:10001/devstoreaccount1');
  expect(hostBlobService(env).url).toBe('http://127.0.0.1:10000/devstoreaccount1');
});

test('a connection named Foo is the setting Foo, or AzureWebJobsFoo', () => {
  expect(queueService({ Foo: 'UseDevelopmentStorage=true' }, 'Foo').url).toContain(':10001/');
  expect(queueService({ AzureWebJobsFoo: 'UseDevelopmentStorage=true' }, 'Foo').url).toContain(':10001/');
});

test('a missing connection is named, with the remedy', () => {
  expect(() => queueService({}, 'Foo')).toThrow(/Setting Foo is missing.*UseDevelopmentStorage=true/);
});
