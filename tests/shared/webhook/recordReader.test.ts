import { createRecordReader } from '../../../shared/webhook/recordReader';
import type { ClientStateRecord } from '../../../shared/watches/clientState';
import { createFakeClock } from '../../support/createFakeClock';

const recordOf = (...keyIds: string[]): ClientStateRecord => ({ keyIds: new Set(keyIds), revoked: new Map() });

function setUp() {
  const clock = createFakeClock();
  const read = jest.fn<Promise<ClientStateRecord | undefined>, []>();
  return { clock, read, reader: createRecordReader({ read, clock }) };
}

it('reads nothing before the first answer', async () => {
  const { reader, read } = setUp();
  expect(await reader.current()).toEqual({ record: undefined, ageMs: 0 });
  expect(read).not.toHaveBeenCalled();
});

it('reads at most once a minute, however many answers there are', async () => {
  const { reader, read, clock } = setUp();
  read.mockResolvedValue(recordOf('k1'));
  await Promise.all([reader.refresh(), reader.refresh()]);
  clock.advance(59_999);
  await reader.refresh();
  expect(read).toHaveBeenCalledTimes(1);
  clock.advance(1);
  await reader.refresh();
  expect(read).toHaveBeenCalledTimes(2);
});

it('uses a record of up to two minutes without waiting, and waits for the next one after that', async () => {
  const { reader, read, clock } = setUp();
  read.mockResolvedValueOnce(recordOf('k1')).mockResolvedValueOnce(recordOf('k1', 'k2'));
  await reader.refresh();
  clock.advance(120_000);
  expect((await reader.current()).record).toEqual(recordOf('k1'));
  expect(read).toHaveBeenCalledTimes(1);
  clock.advance(1);
  expect((await reader.current()).record).toEqual(recordOf('k1', 'k2'));
});

it('waits 200 ms at most, then uses the record that it has', async () => {
  const { reader, read, clock } = setUp();
  read.mockResolvedValueOnce(recordOf('k1')).mockReturnValue(new Promise(() => undefined));
  await reader.refresh();
  clock.advance(120_001);
  // The sleeps of this clock take no time and move it.
  const before = clock.now();
  expect(await reader.current()).toEqual({ record: recordOf('k1'), ageMs: 120_201 });
  expect(clock.now() - before).toBe(200);
});

it('keeps the last record while storage is down, asks again a minute later, and knows its age', async () => {
  const { reader, read, clock } = setUp();
  read.mockResolvedValueOnce(recordOf('k1')).mockRejectedValue(new Error('down'));
  await reader.refresh();
  clock.advance(60_000);
  await reader.refresh();
  await reader.refresh();
  expect(read).toHaveBeenCalledTimes(2);
  expect(await reader.current()).toEqual({ record: recordOf('k1'), ageMs: 60_000 });
});

it('counts the age from the start of a reading: what is written meanwhile may not be in it', async () => {
  const { reader, read, clock } = setUp();
  read.mockImplementation(() => {
    clock.advance(15_000);
    return Promise.resolve(recordOf('k1'));
  });
  await reader.refresh();
  expect((await reader.current()).ageMs).toBe(15_000);
});
