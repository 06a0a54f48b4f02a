import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openBrowser } from '../../cli/openBrowser';
import { eventually } from '../support/eventually';

const ADDRESS = 'https://login.example/authorize?a=b&c=$(d)';

describe('opening a browser', () => {
  const folder = mkdtempSync(join(tmpdir(), 'browser-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const program = (lines: string) => {
    const path = join(folder, 'browser.sh');
    writeFileSync(path, `#!/bin/sh\n${lines}\n`, { mode: 0o755 });
    return path;
  };

  it('hands the address as one argument to the program in BROWSER, without a shell', async () => {
    const opened = join(folder, 'opened');
    const failed = jest.fn();
    await openBrowser(ADDRESS, failed, program(`printf %s "$1" > '${opened}.part' && mv '${opened}.part' '${opened}'`));
    const text = await eventually('the address', () => {
      try {
        return readFileSync(opened, 'utf8');
      } catch {
        return undefined;
      }
    });
    expect(text).toBe(ADDRESS);
    expect(failed).not.toHaveBeenCalled();
  });

  it.each([
    ['ends with an error', () => program('exit 3')],
    ['does not exist', () => join(folder, 'missing')],
  ])('reports a browser that %s, once', async (_name, path) => {
    const failed = jest.fn();
    await openBrowser(ADDRESS, failed, path());
    await eventually('the report', () => (failed.mock.calls.length > 0 ? true : undefined));
    expect(failed).toHaveBeenCalledTimes(1);
  });
});
