import { shownJson, shownText, splitJson } from '../../../../local/console/page/shownText';

describe('shownText', () => {
  it.each([
    ['plain text', 'Quarterly report.pdf', 'Quarterly report.pdf'],
    ['markup', '<b>&amp;', '<b>&amp;'],
    ['an override of the direction', 'a\u202egnp.exe', 'a\\u{202e}gnp.exe'],
    ['an isolate', '\u2067abc', '\\u{2067}abc'],
    ['a zero width space', 'a\u200bb', 'a\\u{200b}b'],
    ['a line break', 'a\nb', 'a\\u{a}b'],
    ['a tag character beyond the first plane', '\u{e0041}', '\\u{e0041}'],
    ['half a character', 'a\ud800', 'a\\u{d800}'],
    ['letters that run from right to left', 'דוח', 'דוח'],
    ['joined emoji', '👩‍💻', '👩‍💻'],
  ])('shows %s', (_name, text, shown) => {
    expect(shownText(text)).toBe(shown);
  });
});

describe('shownJson', () => {
  const value = { name: 'a\u202eb\u{e0041}\u200d', list: [1, true, null], nested: { text: 'line\nbreak "quoted" \\' } };

  it('escapes what hides or reorders text, and parses to the same value', () => {
    const json = shownJson(value);
    expect(json).toContain('\\u202e');
    expect(json).not.toMatch(/[\u202e\u{e0041}]/u);
    expect(JSON.parse(json)).toEqual(value);
  });

  it('is indented', () => {
    expect(shownJson({ a: 1 })).toBe('{\n  "a": 1\n}');
  });
});

describe('splitJson', () => {
  it('names the parts, which are the text when they are joined', () => {
    const json = shownJson({ name: 'a "b": c', count: -1.5e3, yes: true, no: null, list: [{}] });
    const parts = splitJson(json);
    expect(parts.map(({ text }) => text).join('')).toBe(json);
    const ofType = (type: string) => parts.filter((part) => part.type === type).map(({ text }) => text);
    expect(ofType('name')).toEqual(['"name"', '"count"', '"yes"', '"no"', '"list"']);
    expect(ofType('text')).toEqual(['"a \\"b\\": c"']);
    expect(ofType('value')).toEqual(['-1500', 'true', 'null']);
  });
});
