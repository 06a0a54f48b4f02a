import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const read = (path: string) => readFileSync(join(__dirname, '..', path), 'utf8');
const quoted = (text: string) => [...text.matchAll(/`([^`]+)`/g)].map(([, word = '']) => word);

describe('docs/deploy.md', () => {
  const page = read('docs/deploy.md');
  /** The parameters of the template with their defaults as the template writes them. Without a default: `none`. */
  const parameters = new Map(
    [...read('infra/main.bicep').matchAll(/^param (\w+) \S+(?: = (.*))?$/gm)].map(([, name = '', value = 'none']) => [
      name,
      value === "''" ? 'none' : value.replaceAll("'", ''),
    ]),
  );
  const [, table = ''] = /^\| parameter .*\n\|.*\n((?:\|.*\n)+)/m.exec(page) ?? [];
  const rows = [...table.matchAll(/^\| (.*?) +\| (.*?) +\|/gm)].flatMap(([, names = '', defaults = '']) => {
    const values = defaults.split(', ').map((value) => value.replaceAll('`', ''));
    // The last ones of a row without a default of their own depend on the first one.
    return quoted(names).map((name, index) => ({ name, value: values[index] }));
  });

  it('lists parameters of the template with their defaults', () => {
    expect(rows.length).toBeGreaterThan(10);
    const actual = rows.map(({ name, value }) => ({
      name,
      value: value === undefined && parameters.has(name) ? undefined : parameters.get(name),
    }));
    expect(actual).toEqual(rows);
  });

  it('names the secret of the signing keys as the template does', () => {
    const secrets = [...page.matchAll(/--name (client-\S+)/g)].map(([, name = '']) => name);
    expect(secrets.length).toBeGreaterThan(0);
    for (const secret of secrets) expect(read('infra/main.bicep')).toContain(`'${secret}'`);
  });

  it('is linked from the README', () => {
    expect(read('README.md')).toContain('](docs/deploy.md)');
  });
});
