import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { createTrace } from '../../../shared/jobs/message';
import { verifyBody } from '../../../shared/webhook/verify';
import {
  CLIENT_ID,
  PRINTER,
  bodyOf,
  fetchableItem,
  lifecycleItem,
  startedItem,
  stateFor,
  TENANT_A,
  TEST_RING,
} from '../../support/notifications';
import { testKey } from '../../support/testKey';

const judge = (body: Uint8Array) =>
  verifyBody(TEST_RING, body, {
    clientId: CLIENT_ID,
    receivedAt: '2026-11-22T10:00:00.000Z',
    nextTraceparent: createTrace(randomBytes).nextTraceparent,
  });
const queued = (body: Uint8Array) => {
  const judged = judge(body);
  return 'bad' in judged ? 0 : judged.jobs.length + judged.lifecycle.length;
};

it('takes an empty list as a batch', () => {
  expect(judge(bodyOf())).toMatchObject({ items: [], jobs: [], lifecycle: [], refused: {}, unknownKey: 0 });
});

it('reads a body that is a window into a larger buffer', () => {
  const body = bodyOf(startedItem());
  const larger = Buffer.concat([Buffer.from('xx'), body, Buffer.from('yy')]);
  expect(queued(new Uint8Array(larger.buffer, larger.byteOffset + 2, body.length))).toBe(1);
});

it('sorts the items of one body by what they are', () => {
  const body = bodyOf(startedItem(), lifecycleItem(), fetchableItem(), startedItem({ resource: 'x' }));
  expect(judge(body)).toMatchObject({ jobs: [{}, {}, {}], lifecycle: [{}], refused: {}, unknownKey: 0 });
});

describe('arbitrary bodies (fast-check)', () => {
  it('never throws on arbitrary bytes and queues nothing', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => queued(bytes) === 0));
  });

  it('never throws on arbitrary JSON, as body or as items, and queues nothing', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.array(fc.jsonValue()), (body, items) => {
        expect(queued(Buffer.from(JSON.stringify(body)))).toBe(0);
        expect(queued(bodyOf(...items))).toBe(0);
      }),
    );
  });

  it('queues nothing without a valid mac, whichever fields are mutated', () => {
    const fields = fc.dictionary(
      fc.constantFrom('tenantId', 'organizationId', 'resource', 'lifecycleEvent', 'subscriptionId', 'resourceData'),
      fc.jsonValue(),
    );
    const state = fc.oneof(
      fc.jsonValue(),
      fc.stringMatching(/^[A-Za-z0-9_-]{1,16}\.\d{1,3}\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}$/),
      fc.constantFrom(stateFor({ key: testKey(9) }), stateFor({ tenantId: 'other' })),
    );
    fc.assert(
      fc.property(fields, state, (replaced, clientState) => {
        expect(queued(bodyOf(startedItem({ ...replaced, clientState })))).toBe(0);
      }),
    );
  });

  it('never drops an item whose tenant and clientState are valid, whatever its other fields', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.string(), fc.jsonValue()),
        fc.jsonValue(),
        fc.jsonValue(),
        (item, resource, event) => {
          const authentic = {
            ...item,
            resource,
            lifecycleEvent: event,
            tenantId: TENANT_A,
            clientState: stateFor({}),
          };
          expect(queued(bodyOf(authentic))).toBe(1);
        },
      ),
    );
  });

  it('always queues a valid item among garbage, at any position', () => {
    fc.assert(
      fc.property(fc.array(fc.jsonValue()), fc.array(fc.jsonValue()), (before, after) => {
        expect(queued(bodyOf(...before, startedItem(), ...after))).toBe(1);
      }),
    );
  });

  it('merges lifecycle items of one watch, event and generation: 1,500 times `missed` are one message', () => {
    const missed = (options: Parameters<typeof stateFor>[0] = {}) =>
      lifecycleItem({ lifecycleEvent: 'missed', clientState: stateFor(options) });
    const judged = judge(
      bodyOf(
        ...Array.from({ length: 1_500 }, () => missed()),
        missed({ generation: 1 }),
        missed({ id: PRINTER, kind: 'jobFetchable' }),
        lifecycleItem({ lifecycleEvent: 'subscriptionRemoved', clientState: stateFor({}) }),
      ),
    );
    expect(judged).toMatchObject({ lifecycle: { length: 4 }, merged: 1_499 });
  });

  it('counts every item once', () => {
    const item = fc.oneof(
      fc.jsonValue(),
      fc.constantFrom(startedItem(), lifecycleItem(), startedItem({ clientState: stateFor({ keyId: 'x' }) })),
    );
    fc.assert(
      fc.property(fc.array(item), (items) => {
        const judged = judge(bodyOf(...items));
        if ('bad' in judged) throw new Error(judged.bad);
        const refused = Object.values(judged.refused).reduce((sum, count) => sum + count, 0);
        const passed = judged.jobs.length + judged.lifecycle.length + judged.merged;
        expect(passed + refused + judged.unknownKey).toBe(items.length);
      }),
    );
  });
});
