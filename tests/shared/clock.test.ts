import { systemClock } from '../../shared/clock';

it('tells the time of the machine in milliseconds', () => {
  const before = Date.now();
  const now = systemClock.now();
  expect(now).toBeGreaterThanOrEqual(before);
  expect(now).toBeLessThanOrEqual(Date.now());
});

it('sleeps, and wakes with a rejection when aborted', async () => {
  await systemClock.sleep(1);
  const controller = new AbortController();
  const asleep = systemClock.sleep(60_000, controller.signal);
  controller.abort(new Error('stop'));
  await expect(asleep).rejects.toMatchObject({ code: 'ABORT_ERR' });
});
