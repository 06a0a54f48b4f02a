import { ReceiverError } from '../../../shared/errors';
import { createRulesStore } from '../../../shared/rules/store';
import type { BlobContainer } from '../../../shared/storage/blobs';
import { createCapturedLogger } from '../../support/createCapturedLogger';
import { createFakeClock } from '../../support/createFakeClock';
import { createMemoryContainer } from '../../support/memoryContainer';

const TENANT = '11111111-1111-1111-1111-111111111111';
const rulesNamed = (name: string) =>
  JSON.stringify({ version: 1, rules: [{ name, on: 'jobStarted', then: { abort: {} } }] });

function createWorld() {
  const container = createMemoryContainer();
  const clock = createFakeClock();
  const logger = createCapturedLogger();
  const reads: string[] = [];
  const storage: { error?: Error } = {};
  const blobs: Pick<BlobContainer, 'read'> = {
    read(name, options) {
      reads.push(name);
      return storage.error ? Promise.reject(storage.error) : container.read(name, options);
    },
  };
  const store = createRulesStore({ blobs, clock });
  let etags: Record<string, string | undefined> = {};
  return {
    clock,
    logger,
    reads,
    storage,
    put: async (name: string, text: string) => {
      etags = { ...etags, [name]: await container.write(name, text, etags[name]) };
    },
    /** The kind of what is in force, and the name of its first rule. */
    inForce: async (tenantId = TENANT) => {
      const rules = await store.rulesOf(tenantId, logger);
      return rules.kind === 'rules' ? rules.document.rules[0]?.name : rules.kind;
    },
    rulesOf: (tenantId = TENANT) => store.rulesOf(tenantId, logger),
  };
}
const OUTAGE = new ReceiverError('blobsUnavailable', 'Cannot reach Blob storage');

test('no blob means no rules', async () => {
  const world = createWorld();
  expect(await world.rulesOf()).toEqual({ kind: 'none' });
  expect(world.reads).toEqual([`rules/${TENANT}.json`, 'rules/default.json']);
});

test('the rules of the tenant replace the default ones', async () => {
  const world = createWorld();
  await world.put('rules/default.json', rulesNamed('default'));
  await world.put(`rules/${TENANT}.json`, rulesNamed('own'));
  expect(await world.inForce()).toBe('own');
  expect(await world.inForce('another')).toBe('default');
  expect(await world.rulesOf()).toMatchObject({
    etag: expect.stringMatching(/^"0x/) as string,
    blob: `rules/${TENANT}.json`,
  });
});

test('storage is asked at most once a minute and blob, and then for changes alone', async () => {
  const world = createWorld();
  await world.put('rules/default.json', rulesNamed('one'));
  await Promise.all([world.inForce(), world.inForce(), world.inForce('another')]);
  await world.put('rules/default.json', rulesNamed('two'));
  world.clock.advance(59_999);
  expect(await world.inForce()).toBe('one');
  expect(world.reads.filter((name) => name === 'rules/default.json')).toHaveLength(1);
  world.clock.advance(1);
  expect(await world.inForce()).toBe('two');
  expect(world.reads.filter((name) => name === 'rules/default.json')).toHaveLength(2);
});

test('an outage differs from having no rules, and the next job asks storage again', async () => {
  const world = createWorld();
  world.storage.error = OUTAGE;
  expect(await world.rulesOf()).toEqual({ kind: 'outage', error: OUTAGE });
  delete world.storage.error;
  await world.put('rules/default.json', rulesNamed('default'));
  expect(await world.inForce()).toBe('default');
  expect(world.logger.events.map(({ event }) => event)).toEqual(['rules.notRead']);
});

test('the last good version stays in force during an outage', async () => {
  const world = createWorld();
  await world.put('rules/default.json', rulesNamed('good'));
  await world.inForce();
  world.storage.error = OUTAGE;
  world.clock.advance(60_000);
  expect(await world.inForce()).toBe('good');
  expect(world.logger.events).toMatchObject([
    { event: 'rules.notRead', inForce: 'none' },
    { event: 'rules.notRead', blob: 'rules/default.json', inForce: 'rules', code: 'blobsUnavailable' },
  ]);
});

test('the last good version stays in force while what replaced it is no rules document', async () => {
  const world = createWorld();
  await world.put('rules/default.json', rulesNamed('good'));
  await world.inForce();
  await world.put('rules/default.json', '{"version":1,\n"rules":[{}]}');
  world.clock.advance(60_000);
  expect(await world.inForce()).toBe('good');
  expect(world.logger.events).toMatchObject([
    {
      event: 'rules.unreadable',
      blob: 'rules/default.json',
      problem: 'line 2: $.rules[0].on must be jobStarted or jobFetchable',
      inForce: 'rules',
    },
  ]);
  // Reported once for each version.
  world.clock.advance(60_000);
  expect(await world.inForce()).toBe('good');
  expect(world.logger.events).toHaveLength(1);
  await world.put('rules/default.json', rulesNamed('better'));
  world.clock.advance(60_000);
  expect(await world.inForce()).toBe('better');
});

test('an unreadable document of a tenant is never replaced by the default rules', async () => {
  const world = createWorld();
  await world.put('rules/default.json', rulesNamed('default'));
  await world.put(`rules/${TENANT}.json`, 'x');
  expect(await world.rulesOf()).toEqual({
    kind: 'unreadable',
    blob: `rules/${TENANT}.json`,
    problem: 'line 1: $ is not JSON here',
  });
});

test('a document beyond its limit is unreadable', async () => {
  const world = createWorld();
  await world.put('rules/default.json', `${rulesNamed('x')}${' '.repeat(256 * 1024)}`);
  expect(await world.rulesOf()).toMatchObject({ kind: 'unreadable' });
});

test('a fault of the program is no outage', async () => {
  const world = createWorld();
  world.storage.error = new TypeError('x');
  await expect(world.rulesOf()).rejects.toThrow(TypeError);
});
