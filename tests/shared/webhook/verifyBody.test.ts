import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { createTrace } from '../../../shared/jobs/message';
import { revocationName, type ClientStateRecord } from '../../../shared/watches/clientState';
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
import { takeTurn } from '../../support/webhookParts';
import { testKey } from '../../support/testKey';

const judge = (body: Uint8Array, record?: ClientStateRecord) =>
  verifyBody(
    TEST_RING,
    body,
    {
      clientId: CLIENT_ID,
      receivedAt: '2026-11-22T10:00:00.000Z',
      nextTraceparent: createTrace(randomBytes).nextTraceparent,
      record,
    },
    { takeTurn },
  );
const queued = async (body: Uint8Array) => {
  const judged = await judge(body);
  return 'bad' in judged ? 0 : judged.jobs.length + judged.lifecycle.length;
};

it('takes an empty list as a batch', async () => {
  expect(await judge(bodyOf())).toMatchObject({ items: [], jobs: [], lifecycle: [], refused: {}, unknownKey: 0 });
});

it('reads a body that is a window into a larger buffer', async () => {
  const body = bodyOf(startedItem());
  const larger = Buffer.concat([Buffer.from('xx'), body, Buffer.from('yy')]);
  expect(await queued(new Uint8Array(larger.buffer, larger.byteOffset + 2, body.length))).toBe(1);
});

it('judges a body above 64 KiB, and with texts outside of ASCII, as a short one', async () => {
  const items = fc.array(
    fc.record({
      note: fc.string({ unit: 'grapheme' }),
      item: fc.oneof(fc.jsonValue(), fc.constantFrom(startedItem(), fetchableItem(), lifecycleItem())),
    }),
    { maxLength: 20 },
  );
  const shape = async (body: Buffer) => {
    const judged = await judge(body);
    if ('bad' in judged) return judged;
    return {
      ...judged,
      jobs: judged.jobs.map((job) => ({ ...job, traceparent: '' })),
      lifecycle: judged.lifecycle.map((event) => ({ ...event, traceparent: '' })),
    };
  };
  await fc.assert(
    fc.asyncProperty(items, async (made) => {
      const value = made.map(({ note, item }) => (typeof item === 'object' ? { resource: note, ...item } : note));
      const short = Buffer.from(JSON.stringify({ value }));
      const long = Buffer.from(JSON.stringify({ padding: 'ü"\\'.repeat(16 * 1024), value }));
      expect(await shape(long)).toEqual(await shape(short));
    }),
  );
}, 30_000);

it('judges a batch of Graph to its end, although it begins with 64 items of a watch that was revoked', async () => {
  const [, , tag = ''] = stateFor({}).split('.');
  const record = { keyIds: new Set<string>(), revoked: new Map([[revocationName(TENANT_A, tag), 1]]) };
  const revoked = Array.from({ length: 64 }, () => startedItem());
  expect(await judge(bodyOf(...revoked, fetchableItem()), record)).toMatchObject({
    stopped: false,
    jobs: [{ reference: { kind: 'jobFetchable' } }],
    refused: { revoked: 64 },
  });
});

it('sorts the items of one body by what they are', async () => {
  const body = bodyOf(startedItem(), lifecycleItem(), fetchableItem(), startedItem({ resource: 'x' }));
  expect(await judge(body)).toMatchObject({ jobs: [{}, {}, {}], lifecycle: [{}], refused: {}, unknownKey: 0 });
});

describe('arbitrary bodies (fast-check)', () => {
  it('never throws on arbitrary bytes and queues nothing', async () => {
    await fc.assert(fc.asyncProperty(fc.uint8Array({ maxLength: 400 }), async (bytes) => (await queued(bytes)) === 0));
  });

  it('never throws on arbitrary JSON, as body or as items, and queues nothing', async () => {
    await fc.assert(
      fc.asyncProperty(fc.jsonValue(), fc.array(fc.jsonValue()), async (body, items) => {
        expect(await queued(Buffer.from(JSON.stringify(body)))).toBe(0);
        expect(await queued(bodyOf(...items))).toBe(0);
      }),
    );
  });

  it('queues nothing without a valid mac, whichever fields are mutated', async () => {
    const fields = fc.dictionary(
      fc.constantFrom('tenantId', 'organizationId', 'resource', 'lifecycleEvent', 'subscriptionId', 'resourceData'),
      fc.jsonValue(),
    );
    const state = fc.oneof(
      fc.jsonValue(),
      fc.stringMatching(/^[A-Za-z0-9_-]{1,16}\.\d{1,3}\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}$/),
      fc.constantFrom(stateFor({ key: testKey(9) }), stateFor({ tenantId: 'other' })),
    );
    await fc.assert(
      fc.asyncProperty(fields, state, async (replaced, clientState) => {
        expect(await queued(bodyOf(startedItem({ ...replaced, clientState })))).toBe(0);
      }),
    );
  });

  it('never drops an item whose tenant and clientState are valid, whatever its other fields', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.dictionary(fc.string(), fc.jsonValue()),
        fc.jsonValue(),
        fc.jsonValue(),
        async (item, resource, event) => {
          const authentic = {
            ...item,
            resource,
            lifecycleEvent: event,
            tenantId: TENANT_A,
            clientState: stateFor({}),
          };
          expect(await queued(bodyOf(authentic))).toBe(1);
        },
      ),
    );
  });

  it('always queues a valid item among garbage, at any position', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.jsonValue()), fc.array(fc.jsonValue()), async (before, after) => {
        expect(await queued(bodyOf(...before, startedItem(), ...after))).toBe(1);
      }),
    );
  });

  it('merges lifecycle items of one watch, event and generation: 1,500 times `missed` are one message', async () => {
    const missed = (options: Parameters<typeof stateFor>[0] = {}) =>
      lifecycleItem({ lifecycleEvent: 'missed', clientState: stateFor(options) });
    const judged = await judge(
      bodyOf(
        ...Array.from({ length: 1_500 }, () => missed()),
        missed({ generation: 1 }),
        missed({ id: PRINTER, kind: 'jobFetchable' }),
        lifecycleItem({ lifecycleEvent: 'subscriptionRemoved', clientState: stateFor({}) }),
      ),
    );
    expect(judged).toMatchObject({ lifecycle: { length: 4 }, merged: 1_499 });
  });

  it('merges 1,500 made-up events of one watch into one message, and counts them', async () => {
    const madeUp = Array.from({ length: 1_500 }, (_, index) => {
      const word = [...String(index)].map((digit) => 'abcdefghij'[Number(digit)]).join('');
      return lifecycleItem({ lifecycleEvent: word });
    });
    expect(await judge(bodyOf(...madeUp, lifecycleItem()))).toMatchObject({
      lifecycle: [{ lifecycleEvent: 'unknown' }, {}],
      merged: 1_499,
      unknownEvents: 1_500,
    });
  });

  it('counts every item once', async () => {
    const item = fc.oneof(
      fc.jsonValue(),
      fc.constantFrom(startedItem(), lifecycleItem(), startedItem({ clientState: stateFor({ keyId: 'x' }) })),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(item), async (items) => {
        const judged = await judge(bodyOf(...items));
        if ('bad' in judged) throw new Error(judged.bad);
        const refused = Object.values(judged.refused).reduce((sum, count) => sum + count, 0);
        const passed = judged.jobs.length + judged.lifecycle.length + judged.merged;
        expect(passed + refused + judged.unknownKey).toBe(items.length);
      }),
    );
  });
});
