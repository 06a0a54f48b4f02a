import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { version } from '../shared/version';

const changelog = readFileSync(join(__dirname, '..', 'CHANGELOG.md'), 'utf8');
const headings = [...changelog.matchAll(/^## (.*)$/gm)].map(([, heading]) => heading ?? '');
const RELEASE = /^\[(\d+)\.(\d+)\.(\d+)\] - (\d{4}-\d\d-\d\d)$/;
const releases = headings.slice(1).map((heading) => RELEASE.exec(heading)?.slice(1, 4).join('.') ?? heading);

// https://keepachangelog.com/en/1.1.0/
describe('CHANGELOG.md', () => {
  it('begins with what is not released, then each release with its date', () => {
    expect(headings[0]).toBe('[Unreleased]');
    expect(headings.slice(1).filter((heading) => !RELEASE.test(heading))).toEqual([]);
  });

  it('has the version of package.json as its newest release', () => {
    expect(releases[0]).toBe(version);
  });

  it('lists each release once, the newest first', () => {
    const order = (one: string) => one.split('.').map((part) => part.padStart(6, '0'));
    const sorted = [...new Set(releases)].sort((one, other) => (order(one) < order(other) ? 1 : -1));
    expect(releases).toEqual(sorted);
  });

  it('groups changes by the types of Keep a Changelog', () => {
    const types = [...changelog.matchAll(/^### (.*)$/gm)].map(([, type]) => type);
    const known = ['Added', 'Changed', 'Deprecated', 'Removed', 'Fixed', 'Security'];
    expect(types.filter((type) => !known.includes(type ?? ''))).toEqual([]);
  });

  it('has a release for every version with stored samples', () => {
    const stored = readdirSync(join(__dirname, 'fixtures', 'released'));
    expect(stored.filter((one) => !releases.includes(one))).toEqual([]);
  });
});
