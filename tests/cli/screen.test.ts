import { screenOf } from '../../cli/screen';
import { createTerminal } from '../../cli/terminal';

const TERMINAL = { isTTY: true, columns: 100 };

describe('the screen behind an output', () => {
  it('has colors and a width on a terminal only', () => {
    expect(screenOf(TERMINAL, {})).toEqual({ columns: 100, isColored: true });
    expect(screenOf({}, {})).toBeUndefined();
    expect(screenOf({ isTTY: false, columns: 100 }, { FORCE_COLOR: '1' })).toBeUndefined();
  });

  it.each([{ isTTY: true }, { isTTY: true, columns: 0 }])('is 80 columns wide where %p does not know', (stream) => {
    expect(screenOf(stream, {})?.columns).toBe(80);
  });

  it.each([
    [{ NO_COLOR: '1' }, false],
    [{ NO_COLOR: 'false' }, false],
    // https://no-color.org: "when present and not an empty string (regardless of its value)"
    [{ NO_COLOR: '' }, true],
    [{ TERM: 'dumb' }, false],
    [{ TERM: 'xterm-256color' }, true],
  ])('with %p has colors: %p', (env, isColored) => {
    expect(screenOf(TERMINAL, env)?.isColored).toBe(isColored);
  });
});

describe('a table on a screen', () => {
  const GUID = '11111111-1111-1111-1111-111111111111';
  const SENTENCE = 'Graph refused the subscription because the customer has withdrawn its consent';
  const shown = (
    rows: string[][],
    { columns = 80, isColored = false, headings = ['tenant', 'state', 'last error'] } = {},
  ) => {
    let stdout = '';
    const terminal = createTerminal({
      stdout: (text) => {
        stdout += text;
      },
      stderr: () => undefined,
      confirm: () => Promise.resolve(undefined),
      ...(columns > 0 ? { screens: { stdout: { columns, isColored } } } : {}),
    });
    terminal.table(headings, rows);
    return stdout;
  };
  const widest = (text: string) => Math.max(...text.split('\n').map((line) => line.length));

  it('fits its width: texts are shortened, ids stay whole', () => {
    const text = shown([[GUID, 'failing', SENTENCE]]);
    expect(widest(text)).toBe(80);
    expect(text).toContain(`${GUID}  failing  Graph refused`);
    expect(text.trimEnd()).toMatch(/…$/);
  });

  it('is whole in a pipe', () => {
    expect(shown([[GUID, 'failing', SENTENCE]], { columns: 0 })).toContain(SENTENCE);
  });

  it('is whole where it fits', () => {
    expect(shown([[GUID, 'live', 'a b']])).not.toContain('…');
  });

  it('shortens the longest text first', () => {
    const text = shown([['a name of 20 letters', `${GUID}`, SENTENCE]], { headings: ['name', 'id', 'last error'] });
    expect(text).toContain('a name of 20 letters');
    expect(widest(text)).toBe(80);
  });

  it('prints rows as blocks where ids alone are too wide', () => {
    const rows = [
      [GUID, GUID, ''],
      [GUID, GUID, SENTENCE],
    ];
    expect(shown(rows, { headings: ['tenant', 'printer', 'last error'] })).toBe(
      [
        `TENANT      ${GUID}`,
        `PRINTER     ${GUID}`,
        '',
        `TENANT      ${GUID}`,
        `PRINTER     ${GUID}`,
        `LAST ERROR  ${SENTENCE}`,
        '',
      ].join('\n'),
    );
  });

  it('never leaves half of a surrogate pair', () => {
    for (const columns of [40, 41]) expect(shown([['x', 'y', '🖨 '.repeat(40)]], { columns })).not.toMatch(/\p{Cs}/u);
  });

  it('has bold headings and colored states, aligned as without', () => {
    const rows = [
      ['a', 'failing', 'b'],
      ['a', 'live', 'failing again'],
    ];
    const colored = shown(rows, { isColored: true });
    expect(colored).toContain('\u001b[31mfailing\u001b[39m  b');
    expect(colored).toContain('\u001b[32mlive\u001b[39m     failing again');
    expect(colored.split('\n')[0]).toContain('\u001b[1mTENANT\u001b[22m');
    expect(colored.replace(new RegExp(`${String.fromCharCode(27)}\\[\\d+m`, 'g'), '')).toBe(shown(rows));
  });

  it('shows an escape sequence in a name as text', () => {
    expect(shown([['\u001b[31mred', 'x', 'y']], { isColored: true })).toContain('\\u001b[31mred');
  });
});

it('marks warnings and errors by color on a screen', () => {
  let stderr = '';
  const terminal = createTerminal({
    stdout: () => undefined,
    stderr: (text) => {
      stderr += text;
    },
    confirm: () => Promise.resolve(undefined),
    screens: { stderr: { columns: 80, isColored: true } },
  });
  terminal.error('one', 'two');
  terminal.warn('three');
  expect(stderr).toBe('\u001b[31merror:\u001b[39m one\ntwo\n\u001b[33mwarning:\u001b[39m three\n');
});
