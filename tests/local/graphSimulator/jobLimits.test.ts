import { tenantA } from './harness';
import { usePrinting } from './usePrinting';

const printing = usePrinting();
const control = () => printing.harness().control;
const MINUTE_MS = 60_000;

const user = (n: number) => ({ id: `user-${n}` });

/** Prints `count` jobs of a user and gives how many of them exist. */
async function print(count: number, n = 1, printerId = printing.scene().triggered) {
  return (await control().print(tenantA, { printerId, count, user: user(n) })).length;
}

/** Prints `count` jobs, which end at once, by users of which each has four jobs at most. */
async function printAndEnd(count: number, printerId: string, userOf: (job: number) => number) {
  let printed = 0;
  for (let job = 0; job < count; job += 1) {
    const [one] = await control().print(tenantA, { printerId, user: user(userOf(job)) });
    if (!one) continue;
    printed += 1;
    await control().actOnJob(tenantA, printerId, one.jobId, 'complete');
  }
  return printed;
}

describe('limits of jobs (universal-print/fundamentals/universal-print-limits)', () => {
  it('do not hold by default', async () => {
    expect(await print(201)).toBe(201);
  });

  it('let a user have 4 jobs at one printer at once; further ones give no task', async () => {
    await control().setVariants({ jobLimits: 'documented' });
    expect(await print(6)).toBe(4);
    expect(await control().openTasks()).toHaveLength(4);
    expect(await control().listedJobs()).toHaveLength(4);
    expect(await print(6, 2)).toBe(4);
    const { id: other } = await control().createPrinter(tenantA);
    expect(await print(6, 1, other)).toBe(4);
  });

  it('let a printer have 50 jobs at once', async () => {
    await control().setVariants({ jobLimits: 'documented' });
    let printed = 0;
    for (let n = 1; n <= 14; n += 1) printed += await print(4, n);
    expect(printed).toBe(50);
    const [task] = await control().openTasks();
    await control().actOnJob(tenantA, printing.scene().triggered, task?.jobId ?? '', 'cancel');
    expect(await print(4, 15)).toBe(1);
  });

  it.each([
    [true, 4],
    [false, 10],
  ])('count paused jobs as the variant pausedJobsCount %s says (silent)', async (pausedJobsCount, printed) => {
    await control().setVariants({ jobLimits: 'documented', pausedJobsCount });
    expect(await print(10)).toBe(printed);
    // A job that was released counts in either reading.
    const { id } = await control().createPrinter(tenantA);
    expect(await print(10, 2, id)).toBe(4);
  });

  it('let a printer have 100 jobs in 10 minutes', async () => {
    await control().setVariants({ jobLimits: 'documented' });
    const { plain } = printing.scene();
    expect(await printAndEnd(101, plain, (job) => job)).toBe(100);
    printing.harness().clock.aheadMs = 10 * MINUTE_MS + 1;
    expect(await print(1, 200, plain)).toBe(1);
  });

  it('let a user have 200 jobs in 10 minutes at all printers', async () => {
    await control().setVariants({ jobLimits: 'documented', pausedJobsCount: false });
    let printed = 0;
    for (let n = 1; n <= 3; n += 1) {
      const { id: printerId } = await control().createPrinter(tenantA);
      await control().createTrigger(tenantA, { printerId, definitionId: printing.scene().definition });
      printed += await print(99, 1, printerId);
    }
    expect(printed).toBe(200);
    expect(await print(1, 2)).toBe(1);
  });
});
