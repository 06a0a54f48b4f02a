import type { LedgerRow } from '../../shared/jobs/ledgerRow';
import { userTag } from '../../shared/jobs/ledgerIndex';
import type { JobReference } from '../../shared/jobs/message';
import { createCliWorld } from '../support/createCliWorld';
import { DEFINITION, OTHER_TENANT, PRINTER, TENANT } from '../support/createSubscriptionWorld';

const ADA = { id: 'user-1', userPrincipalName: 'Ada@contoso.com', displayName: 'Ada' };
const BOB = { id: 'user-2', userPrincipalName: 'bob@contoso.com', displayName: 'Bob' };
const SEEN = '2026-11-21T09:00:00.000Z';

function ready(jobId: string, tenantId = TENANT): JobReference {
  return { kind: 'jobFetchable', tenantId, printerId: PRINTER, jobId };
}

async function createWorld() {
  const world = createCliWorld();
  await world.addTenant();
  const addRow = (reference: JobReference, user: object, cells: Partial<LedgerRow> = {}) =>
    world.ledger.insert(reference, {
      ...{ status: 'done', phase: 'start', outcome: 'fetchable', event: 'sent', attempts: 1, foundBy: 'graph' },
      ...{ firstSeenAt: SEEN, printerId: PRINTER, jobId: '1', job: JSON.stringify({ createdBy: user }), ...cells },
    });
  const addDocument = (name: string) =>
    world.documents.blobs.set(name, {
      ...{ content: Buffer.from('x'), facts: { contentType: '', source: '' }, storedAt: 0 },
    });
  const rowsNaming = async (word: string) => {
    let rows = 0;
    for await (const { cells } of world.ledgerTable.list()) if (JSON.stringify(cells).includes(word)) rows += 1;
    return rows;
  };
  const erase = (user = 'ada@contoso.com') =>
    world.runJson('tenants', 'erase-user', '--tenant', TENANT, '--user', user, '--yes');
  return { ...world, addRow, addDocument, rowsNaming, erase };
}

describe('tenants erase-user', () => {
  it('deletes documents and blanks rows of the person, by any name and case, and nothing of others', async () => {
    const world = await createWorld();
    const blob = `${TENANT}/${PRINTER}/1/d`;
    const others = [`${TENANT}/${PRINTER}/2/d`, `${OTHER_TENANT}/${PRINTER}/3/d`];
    for (const name of [blob, ...others]) world.addDocument(name);
    const archived = (name: string) => ({ archive: 'stored', archived: JSON.stringify([{ blob: name }]) }) as const;
    await world.addRow(ready('1'), ADA, { by: 'cli:ada', ...archived(blob) });
    await world.addRow(ready('2'), BOB, archived(others[0] ?? ''));
    await world.addRow(ready('3', OTHER_TENANT), ADA, archived(others[1] ?? ''));
    expect(await world.erase()).toMatchObject({
      code: 0,
      json: { found: 1, rows: 1, documents: 1, busy: [], blankedBefore: 0, unreadable: 0 },
    });
    expect([...world.documents.blobs.keys()]).toEqual(others);
    expect(await world.rowsNaming('Ada')).toBe(1);
    expect(await world.rowsNaming('Bob')).toBe(1);
    // The row stays, so that a repeated notification finds it.
    const { value } = (await world.ledger.get({ tenantId: TENANT, rowKey: `jobFetchable_${PRINTER}_1` })) ?? {};
    expect(value).toMatchObject({ status: 'done', outcome: 'fetchable', blankedAt: expect.any(String) as string });
    expect(value).not.toHaveProperty('archived');
    expect(await world.erase()).toMatchObject({ code: 0, json: { found: 0, blankedBefore: 1 } });
    expect(await world.erase('USER-2')).toMatchObject({ json: { found: 1, documents: 1 } });
  });

  it('removes the tags of a held job, which stays held', async () => {
    const world = await createWorld();
    const held: JobReference = { kind: 'jobStarted', tenantId: TENANT, definitionId: DEFINITION, taskId: 't' };
    const tag = userTag(TENANT, ADA.userPrincipalName);
    await world.addRow(held, ADA, {
      ...{ status: 'held', phase: 'end', outcome: 'held', heldUntil: '2026-11-30T00:00:00.000Z', userTags: tag },
      ...{ definitionId: DEFINITION, taskId: 't' },
    });
    expect(await world.rowsNaming(tag)).toBe(2);
    expect(await world.erase()).toMatchObject({ code: 0, json: { found: 1, rows: 1 } });
    expect(await world.rowsNaming(tag)).toBe(0);
    const left = [];
    for await (const { key } of world.ledger.listHeld(TENANT, {})) left.push(key.rowKey);
    expect(left).toEqual([`jobStarted_${DEFINITION}_t`]);
  });

  it('leaves rows that the app works on, names them, and fails', async () => {
    const world = await createWorld();
    await world.addRow(ready('1'), ADA, { status: 'claimed' });
    await world.addRow(ready('2'), ADA, { status: 'waiting' });
    await world.addRow(ready('3'), ADA, { event: 'pending' });
    const { code, json } = await world.erase();
    expect({ code, json }).toMatchObject({ code: 1, json: { found: 3, rows: 0 } });
    expect(json).toHaveProperty(
      'busy',
      ['1', '2', '3'].map((jobId) => `jobFetchable_${PRINTER}_${jobId}`),
    );
    const { stderr } = await world.run('tenants', 'erase-user', '--tenant', TENANT, '--user', ADA.id, '--yes');
    expect(stderr).toContain('Repeat the command in a minute.');
  });

  it('asks for confirmation, needs a customer, and fails where a row cannot be read', async () => {
    const world = await createWorld();
    await world.addRow(ready('1'), ADA);
    const argv = ['tenants', 'erase-user', '--tenant', TENANT, '--user', ADA.id];
    expect((await world.run(...argv)).code).toBe(2);
    expect(await world.rowsNaming('Ada')).toBe(1);
    await world.ledgerTable.insert({ partitionKey: TENANT, rowKey: 'jobFetchable_p_x' });
    const { code, stdout } = await world.run(...argv, '--yes');
    expect(code).toBe(1);
    expect(stdout).toContain(`Found 1 job event of ${ADA.id}. Erased 1 row and 0 documents.`);
    const missing = ['tenants', 'erase-user', '--tenant', OTHER_TENANT, '--user', 'ada', '--yes'];
    expect((await world.run(...missing)).code).toBe(1);
  });
});
