import { ledgerKey, type JobReference } from '../../shared/jobs/message';
import { createCliWorld } from '../support/createCliWorld';
import { PRINTER, TENANT } from '../support/createSubscriptionWorld';

async function createWorld() {
  const world = createCliWorld();
  await world.addTenant();
  return { ...world, set: (...argv: string[]) => world.run('tenants', 'set', TENANT, ...argv) };
}

describe('tenants set', () => {
  it('changes what is given alone, and explains what is in force', async () => {
    const world = await createWorld();
    const days = ['--retention-days', '90', '--document-days', '14', '--personal-data-days', '14'];
    const { code, stdout, stderr } = await world.set(...days);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain('Ledger rows are removed after 90 days.');
    expect(stdout).toContain('Archived documents are removed after 14 days.');
    expect(stdout).toContain('Users and jobs are removed from rows after 14 days. Older events cannot be resent.');
    expect(await world.runJson('tenants', 'set', TENANT, '--task-deadline', '5')).toMatchObject({
      code: 0,
      json: { retentionDays: 90, documentDays: 14, personalDataDays: 14, taskDeadlineMinutes: 5 },
    });
  });

  it('turns completion events on and off', async () => {
    const world = await createWorld();
    const { stdout } = await world.set('--completion-events', 'on');
    expect(stdout).toContain('An event is also sent at the end of each fetchable job.');
    expect(await world.tenants.get(TENANT)).toMatchObject({ completionEvents: 'on' });
    await world.set('--completion-events', 'off');
    expect(await world.tenants.get(TENANT)).toMatchObject({ completionEvents: 'off' });
  });

  it('bounds how long a quiet printer waits for the sweep, and says so', async () => {
    const world = await createWorld();
    const { stdout } = await world.set('--quiet-printers', '20');
    expect(stdout).toContain('The sweep looks at a printer without a job for a day at least every 20 minutes.');
    expect(await world.tenants.get(TENANT)).toMatchObject({ quietPrinterMinutes: 20 });
  });

  it.each([
    ['--retention-days', '13', 'from 14 to 365'],
    ['--retention-days', '366', 'from 14 to 365'],
    ['--document-days', '0', 'from 1 to 365'],
    ['--personal-data-days', '-1', 'from 0 to 365'],
    ['--personal-data-days', '1.5', 'from 0 to 365'],
    ['--task-deadline', '0', 'from 1 to 1440'],
    ['--task-deadline', 'soon', 'from 1 to 1440'],
    ['--quiet-printers', '9', 'from 10 to 60'],
    ['--quiet-printers', '61', 'from 10 to 60'],
    ['--completion-events', 'yes', 'Allowed choices are on, off'],
  ])('%s %s is wrong usage and says which values are allowed', async (flag, value, bounds) => {
    const world = await createWorld();
    const before = await world.tenants.get(TENANT);
    const { code, stderr } = await world.set(flag, value);
    expect(code).toBe(2);
    expect(stderr).toContain(bounds);
    expect(await world.tenants.get(TENANT)).toEqual(before);
  });

  it.each([['--document-days'], ['--personal-data-days']])(
    '%s may not be more than the days of the rows, through which both are found',
    async (flag) => {
      const world = await createWorld();
      const { code, stderr } = await world.set(flag, '31');
      expect(code).toBe(2);
      expect(stderr).toContain(`${flag} 31 is more than --retention-days 30`);
      expect(stderr).toContain('raise --retention-days');
      expect((await world.set(flag, '31', '--retention-days', '31')).code).toBe(0);
    },
  );

  it('warns where documents outlive the names by which they are found', async () => {
    const world = await createWorld();
    const { code, stdout, stderr } = await world.set('--personal-data-days', '0');
    expect(code).toBe(0);
    expect(stdout).toContain('Its events cannot be resent.');
    expect(stderr).toContain('For 30 of their days, erase-user cannot find them.');
  });

  it('needs an option, and a customer on the allow-list', async () => {
    const world = await createWorld();
    expect((await world.set()).code).toBe(2);
    await world.tenants.update(TENANT, (row) => ({ ...row, status: 'removed' }));
    const { code, stderr } = await world.set('--task-deadline', '5');
    expect(code).toBe(1);
    expect(stderr).toContain('has been removed');
  });
});

describe('rows without personal data', () => {
  const reference: JobReference = { kind: 'jobFetchable', tenantId: TENANT, printerId: PRINTER, jobId: '7' };
  const { rowKey } = ledgerKey(reference);
  const createBlanked = async () => {
    const world = await createWorld();
    const at = '2026-11-21T00:00:00.000Z';
    await world.ledger.insert(reference, {
      ...{ status: 'done', phase: 'start', outcome: 'fetchable', event: 'sent', attempts: 1, foundBy: 'graph' },
      ...{ firstSeenAt: at, sentAt: at, blankedAt: at, printerId: PRINTER, jobId: '7' },
    });
    return world;
  };

  it('are named by each verb that needs what was removed', async () => {
    const world = await createBlanked();
    const id = `${TENANT}/${rowKey}`;
    expect((await world.run('jobs', 'list', '--tenant', TENANT, '--user', 'ada')).stderr).toContain(
      '1 job event not searched by user: the user was removed as personal data.',
    );
    expect((await world.run('jobs', 'show', '7', '--tenant', TENANT)).stdout).toContain('removed as personal data at');
    expect((await world.run('events', 'show', id)).stderr).toContain('removed from the ledger as personal data');
  });

  it('are never resent: an event without its job would replace the whole one', async () => {
    const world = await createBlanked();
    const named = await world.runJson('events', 'resend', `${TENANT}/${rowKey}`);
    expect(named).toMatchObject({ code: 1, json: { resent: 0, blanked: 1 } });
    expect(named.stderr).toContain('1 event not resent');
    const range = await world.runJson('events', 'resend', '--since', '2026-11-01');
    expect(range).toMatchObject({ code: 0, json: { resent: 0, blanked: 1, complete: true } });
    expect(world.queue('print-job-events').texts()).toEqual([]);
  });
});
