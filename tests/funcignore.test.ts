import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readFuncIgnore } from './support/coreToolsFiles';

const text = readFileSync(join(__dirname, '..', '.funcignore'), 'utf8');
const accepts = readFuncIgnore(text);

// Core Tools: test/Cli/Func.UnitTests/ParserTests/GitIgnoreParserTests.cs.
describe('the rules of Core Tools for .funcignore', () => {
  it.each([
    ['node_modules', 'node_modules/a.js', false],
    ['node_modules', 'src/node_modules/a.js', true],
    ['*.log', 'npm.log', false],
    ['*.log', 'logs/npm.log', true],
    ['**/*.log', 'logs/npm.log', false],
    ['/functions', 'dist/functions/index.mjs', true],
    ['/cli', 'client.js', true],
    ['/node_modules/', 'node_modules/a.js', false],
    // Why no line ends with a slash.
    ['/node_modules/', 'node_modules/@azure/identity/package.json', true],
    ['/node_modules/', 'node_modules/.bin/tsc', true],
    ['/node_modules', 'node_modules/@azure/identity/package.json', false],
    ['temp\n!/temp/kept', 'temp/kept/a.js', true],
    ['temp\n!/temp/kept', 'temp/other.js', false],
    ['# temp', 'temp/a.js', true],
  ])('%j and the file %s: uploaded is %s', (lines, path, uploaded) => {
    expect(readFuncIgnore(lines)(path)).toBe(uploaded);
  });
});

describe('.funcignore', () => {
  it('means the same by the rules of git, by which Visual Studio Code reads it', () => {
    const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    // A name without / or * would match at any depth, as functions would match dist/functions.
    expect(lines.filter((line) => !line.startsWith('/') && !line.includes('*'))).toEqual([]);
  });

  it.each(['host.json', 'package.json', 'dist/functions/index.mjs', 'dist/functions/chunks/identity-A1B2C3D4.mjs'])(
    'lets %s be uploaded',
    (path) => {
      expect(accepts(path)).toBe(true);
    },
  );

  it.each([
    'node_modules/@azure/identity/package.json',
    'node_modules/.package-lock.json',
    'dist/functions/index.mjs.map',
    'dist/functions/chunks/identity-A1B2C3D4.mjs.map',
    'dist/app/dist/functions/index.mjs',
    'dist/universal-print-receiver.zip',
    'dist/universal-print-receiver.cdx.json',
    'dist/THIRD-PARTY-NOTICES.txt',
    'local.settings.json',
    'local.cloud.json',
    'exec.cmd',
    'local.settings.example.json',
    '.env',
    '.azure/production/.env',
    '__azurite_db_queue__.json',
    '__blobstorage__/document.pdf',
    'coverage/lcov.info',
    'npm-debug.log',
    'azure.yaml',
    'infra/main.bicep',
    'CHANGELOG.md',
    'functions/index.ts',
    'tests/funcignore.test.ts',
  ])('keeps %s back', (path) => {
    expect(accepts(path)).toBe(false);
  });
});
