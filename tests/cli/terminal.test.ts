import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createTerminal } from '../../cli/terminal';

function createWritten() {
  const written = { stdout: '', stderr: '', questions: [] as string[] };
  const terminal = createTerminal({
    stdout: (text) => {
      written.stdout += text;
    },
    stderr: (text) => {
      written.stderr += text;
    },
    confirm: (question) => {
      written.questions.push(question);
      return Promise.resolve(true);
    },
  });
  return { written, terminal };
}

it('aligns the columns of a table under upper-case headings and leaves no spaces at line ends', () => {
  const { written, terminal } = createWritten();
  terminal.table(
    ['one', 'two', 'three'],
    [
      ['a', 'long cell', ''],
      ['longer', 'b'],
    ],
  );
  expect(written).toMatchObject({
    stdout: ['ONE     TWO        THREE', 'a       long cell', 'longer  b', ''].join('\n'),
    stderr: '',
  });
});

/** Text that a printer, tenant or job may have as its name, and how it is shown. */
const NAMES: readonly [what: string, name: string, shown: string][] = [
  ['ordinary text', 'Büro 2.OG „links“ 北京 🖨 C:\\x', 'Büro 2.OG „links“ 北京 🖨 C:\\x'],
  ['ESC [2J, which clears the screen', '\u001b[2Jx', '\\u001b[2Jx'],
  ['OSC 52, which writes to the clipboard', '\u001b]52;c;eA==\u0007', '\\u001b]52;c;eA==\\u0007'],
  ['OSC 8, a link with another address', '\u001b]8;;https://a\u001b\\b', '\\u001b]8;;https://a\\u001b\\b'],
  ['U+202E, which reverses the text after it', 'a\u202efdp.exe', 'a\\u202efdp.exe'],
  ['an isolate', 'a\u2066b\u2069', 'a\\u2066b\\u2069'],
  ['a line end that forges a row', 'a\nError: forged', 'a\\nError: forged'],
  ['a carriage return that overwrites the line', 'a\rb', 'a\\rb'],
  ['a tab', 'a\tb', 'a\\tb'],
  ['U+0085, next line', 'a\u0085b', 'a\\u0085b'],
  ['U+009B, the CSI of C1', 'a\u009b2Jb', 'a\\u009b2Jb'],
  ['DEL', 'a\u007fb', 'a\\u007fb'],
  ['line and paragraph separators', 'a\u2028b\u2029c', 'a\\u2028b\\u2029c'],
  ['a zero-width space', 'a\u200bb', 'a\\u200bb'],
  ['a tag character beyond the BMP', 'a\u{e0001}b', 'a\\udb40\\udc01b'],
  ['a lone surrogate', 'a\ud800b', 'a\\ud800b'],
];

describe.each(NAMES)('%s', (_what, name, shown) => {
  it('is shown on one line, wherever it is printed', async () => {
    const { written, terminal } = createWritten();
    terminal.print(name, name);
    terminal.fields({ name });
    terminal.note(name);
    terminal.warn(name, name);
    terminal.error(name, name);
    await terminal.confirm(name);
    expect(written).toEqual({
      stdout: `${shown}\n${shown}\nFIELD  VALUE\nname   ${shown}\n`,
      stderr: `${shown}\nwarning: ${shown}\n${shown}\nerror: ${shown}\n${shown}\n`,
      questions: [shown],
    });
  });

  it('leaves the columns of a table aligned', () => {
    const { written, terminal } = createWritten();
    terminal.table(['name', 'id'], [[name, '1']]);
    expect(written.stdout).toBe(`${'NAME'.padEnd(shown.length)}  ID\n${shown}  1\n`);
  });

  it('is escaped in JSON and read back as the same value', () => {
    const { written, terminal } = createWritten();
    terminal.json({ [name]: [name] });
    expect(JSON.parse(written.stdout)).toEqual({ [name]: [name] });
    expect(written.stdout.split('\n')).toHaveLength(6);
    expect(written.stdout.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/u);
  });
});

it('writes an astral format character in JSON as the escapes of its surrogate pair (RFC 8259, section 7)', () => {
  const { written, terminal } = createWritten();
  terminal.json('\u{e0001}');
  expect(written.stdout).toBe('"\\udb40\\udc01"\n');
});

it('nothing else in cli/ writes to stdout or stderr, except the programs themselves', () => {
  const folder = join(__dirname, '..', '..', 'cli');
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => /\.\w+$/.test(file));
  const writing = files.filter((file) =>
    /console\.|process\.std(?:out|err)|\bio\.std(?:out|err)/.test(readFileSync(join(folder, file), 'utf8')),
  );
  // main.ts hands the streams to the terminal. run.cjs writes before the program is loaded.
  expect(writing.sort()).toEqual(['main.ts', 'run.cjs', 'terminal.ts']);
});

it('nothing in the verbs of the local cloud writes past their output', () => {
  const folder = join(__dirname, '..', '..', 'local', 'tool');
  const writing = readdirSync(folder).filter((file) =>
    /console\.|std(?:out|err)\(/.test(readFileSync(join(folder, file), 'utf8')),
  );
  expect(writing).toEqual(['output.ts']);
});
