import { ReceiverError } from '../../../shared/errors';
import { runChecks, type Check, type Finding } from '../../../cli/doctor/checks';

const ok = (check: string): Finding => ({ check, state: 'ok', seen: 'fine' });
const never = () => new AbortController().signal;
const waiting = (_ms: number, signal?: AbortSignal) =>
  new Promise<void>((_resolve, reject) => signal?.addEventListener('abort', () => reject(new Error('stopped'))));
const passing = (name: string): Check => ({ name, run: () => Promise.resolve([ok(name)]) });

describe('checks', () => {
  it('run side by side, and their findings keep the order of the checks', async () => {
    const running: string[] = [];
    let release = () => undefined as void;
    const gate = new Promise<void>((resolve) => (release = resolve));
    const checks = ['a', 'b', 'c'].map((name) => ({
      name,
      run: async () => {
        running.push(name);
        if (running.length === 3) release();
        await gate;
        return [ok(name), ok(`${name}2`)];
      },
    }));
    const done: string[] = [];
    const onProgress = (count: number, of: number, name: string) => void done.push(`${count}/${of} ${name}`);
    const findings = await runChecks({ sleep: waiting, onProgress }, checks, never());
    expect(findings.map(({ check }) => check)).toEqual(['a', 'a2', 'b', 'b2', 'c', 'c2']);
    expect(done).toEqual(['1/3 a', '2/3 b', '3/3 c']);
  });

  it('that throw have failed with problem and remedy, and the others run', async () => {
    const error = new ReceiverError('storageUnavailable', 'Cannot reach Table storage', { remedy: 'Check it.' });
    const checks = [{ name: 'a', run: () => Promise.reject(error) }, passing('b')];
    expect(await runChecks({ sleep: waiting, onProgress: () => undefined }, checks, never())).toEqual([
      { check: 'a', state: 'failed', seen: 'Cannot reach Table storage. Check it' },
      ok('b'),
    ]);
  });

  it('that do not end within their time have failed', async () => {
    const limits: number[] = [];
    const sleep = (ms: number) => {
      limits.push(ms);
      return Promise.resolve();
    };
    const checks = [{ name: 'a', run: () => new Promise<Finding[]>(() => undefined) }];
    expect(await runChecks({ sleep, onProgress: () => undefined }, checks, never())).toEqual([
      { check: 'a', state: 'failed', seen: 'No result within 60 s', remedies: ['doctor --verbose'] },
    ]);
    expect(limits).toEqual([60_000]);
  });

  it('that an interruption kept from starting are skipped', async () => {
    const interruption = new AbortController();
    const first = {
      name: 'a',
      run: () => {
        interruption.abort();
        return Promise.resolve([ok('a')]);
      },
    };
    const many = Array.from({ length: 9 }, (_one, place) => passing(String(place)));
    const findings = await runChecks(
      { sleep: waiting, onProgress: () => undefined },
      [first, ...many],
      interruption.signal,
    );
    expect(findings[0]).toEqual(ok('a'));
    expect(findings.at(-1)).toEqual({ check: '8', state: 'skipped', seen: 'interrupted' });
  });
});
