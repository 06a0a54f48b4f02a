import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(__dirname, '..', '..', '..');
const read = (...path: string[]) => readFileSync(join(ROOT, ...path), 'utf8');

it('docs/operations.md explains each reason of status', () => {
  const [, union = ''] = /reason:\n((?: +\| '\w+';?\n)+)/.exec(read('shared', 'status', 'reasons.ts')) ?? [];
  const reasons = [...union.matchAll(/'(\w+)'/g)].map(([, name]) => name);
  const [, table = ''] = /^\| reason .*\n\|.*\n((?:\|.*\n)+)/m.exec(read('docs', 'operations.md')) ?? [];
  expect([...table.matchAll(/^\| `(\w+)`/gm)].map(([, name]) => name)).toEqual(reasons);
  expect(reasons.length).toBeGreaterThan(10);
});
