import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CONTAINER_NAMES, QUEUE_NAMES, TABLE_NAMES } from '../shared/storage/account';

const ROOT = join(__dirname, '..');
const page = readFileSync(join(ROOT, 'docs', 'security.md'), 'utf8');
/** The first cells of all tables. */
const placed = [...page.matchAll(/^\| (.*?) +\|/gm)].map(([, cell = '']) => cell).join('\n');

describe('docs/security.md', () => {
  it('places every route', () => {
    const sources = readdirSync(join(ROOT, 'functions')).map((file) =>
      readFileSync(join(ROOT, 'functions', file), 'utf8'),
    );
    const routes = [...sources.join('\n').matchAll(/\broute: '([^']+)'/g)].map(([, route = '']) => route);
    expect(routes.length).toBeGreaterThan(10);
    const isPlaced = (route: string) =>
      route.startsWith('device/')
        ? placed.includes('`/api/device/jobs/…`')
        : placed.includes(`/api/${route.replace('/{action}', '')}`);
    expect(routes.filter((route) => !isPlaced(route))).toEqual([]);
  });

  it.each([
    ['queue', Object.values(QUEUE_NAMES)],
    ['table', Object.values(TABLE_NAMES)],
    ['container', Object.values(CONTAINER_NAMES)],
  ])('places every %s', (_kind, names) => {
    // `print-job-events`, `-waiting`, `-dead`: what begins with a hyphen is appended to the last whole name.
    let whole = '';
    const named = [...placed.matchAll(/`([^`]+)`/g)].map(([, word = '']) => {
      if (word.startsWith('-')) return `${whole}${word}`;
      return (whole = word);
    });
    expect(names.filter((name) => !named.includes(name))).toEqual([]);
  });

  it('names the secrets of the settings', () => {
    for (const name of ['CLIENT_STATE_KEYS', 'EVENTS_SINK_WEBHOOK_SECRETS']) expect(page).toContain(`\`${name}\``);
  });
});
