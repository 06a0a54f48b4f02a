import fc from 'fast-check';
import { fetchableItem, lifecycleItem, startedItem, stateFor } from './notifications';

/** An item that nobody signed, and what must be counted for it, known from how it was made. */
export interface MadeUpItem {
  item: unknown;
  reason:
    | 'notAnObject'
    | 'noTenantId'
    | 'clientStateMissing'
    | 'clientStateMalformed'
    | 'wrongMac'
    /** Not a refusal: our key set may be wrong, so the answer is 503 and Graph retries. */
    | 'unknownKey';
}

const because = (reason: MadeUpItem['reason'], items: fc.Arbitrary<unknown>): fc.Arbitrary<MadeUpItem> =>
  items.map((item) => ({ item, reason }));

const json = fc.jsonValue({ maxDepth: 2 });
const scalar = fc.oneof(fc.boolean(), fc.integer(), fc.string({ maxLength: 160 }));
const tenantId = fc.uuid();
const anyItem = fc.constantFrom(startedItem, fetchableItem, lifecycleItem);

/** A valid item of some kind with these fields in the place of its own. */
const itemWith = (fields: fc.Arbitrary<Record<string, unknown>>) =>
  fc.tuple(anyItem, fields).map(([make, replaced]) => make(replaced));

const tenantNames = new Set(['tenantId', 'organizationId']);
const withoutTenant = fc
  .dictionary(fc.string(), json)
  .map((fields) => Object.fromEntries(Object.entries(fields).filter(([name]) => !tenantNames.has(name))));
/** Empty, of another type, or with a character that no id has. */
const badTenantId = fc.oneof(
  fc.constantFrom(null, '', 0, false),
  fc.integer(),
  fc.array(json),
  fc.dictionary(fc.string(), json),
  fc.tuple(fc.string(), fc.constantFrom('/', ' ', "'", '\u0000', 'ä')).map((parts) => parts.join('')),
);

/** The form of a clientState is keyId.generation.tag.mac: with fewer dots, or as another type, it has not that form. */
const malformedState = fc.oneof(
  fc.string({ minLength: 1, maxLength: 160 }).map((text) => text.replaceAll('.', '-')),
  fc.integer(),
  fc.constant(true),
  fc.array(json),
  fc.dictionary(fc.string(), json),
);

const otherKey = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => Buffer.from(bytes));
const generation = fc.integer({ min: 0, max: 999_999_999 });
const foreignState = fc
  .record({ tenantId, id: fc.uuid(), generation, key: otherKey })
  .map((by) => ({ tenantId: by.tenantId, clientState: stateFor(by) }));
const retiredState = fc
  .record({ tenantId, generation, keyId: fc.constantFrom('old', 'K1', 'k2', '_', '0123456789abcdef') })
  .map((by) => ({ tenantId: by.tenantId, clientState: stateFor(by) }));

/** Items of every kind that must not be acted on, from nonsense to a forged mac. */
export const madeUpItem: fc.Arbitrary<MadeUpItem> = fc.oneof(
  because('notAnObject', fc.oneof(scalar, fc.constant(null), fc.array(json, { maxLength: 4 }))),
  because('noTenantId', fc.oneof(withoutTenant, itemWith(badTenantId.map((bad) => ({ tenantId: bad }))))),
  because('clientStateMissing', itemWith(fc.constantFrom({ clientState: null }, { clientState: '' }))),
  because('clientStateMissing', fc.record({ tenantId, resource: fc.string(), changeType: fc.string() })),
  because('clientStateMalformed', itemWith(malformedState.map((clientState) => ({ clientState })))),
  because('wrongMac', itemWith(foreignState)),
  // A right mac, and the item says another tenant.
  because('wrongMac', itemWith(tenantId.map((other) => ({ tenantId: other })))),
  because('unknownKey', itemWith(retiredState)),
);
