import { startBurstBed } from './burstBed';
const [count='200', customers='3', variants='on,off', hosts='1'] = process.argv.slice(2);
for (const v of variants.split(',')) {
  const bed = await startBurstBed(process.cwd(), { customers: Number(customers), limits: v === 'on', hosts: Number(hosts) });
  const startedAt = performance.now();
  await bed.print(Number(count));
  const printed = performance.now() - startedAt;
  const ms = await bed.untilEvents(Number(count) * Number(customers), startedAt);
  console.log(v, 'printed', Math.round(printed), 'drained', Math.round(ms), 'deferred', bed.countLogged('job.deferred'), 'processed', bed.cloud.hosts.map((h) => h.lines().filter((l) => l.includes('job.processed')).length), 'warn', bed.cloud.hosts.flatMap((h) => h.lines()).filter((l) => /waiting\.|function.failed/.test(l)).slice(0, 5));
  await bed.stop();
}
