import { evaluateKql } from './support/kql/evaluateKql';

const NOW = Date.parse('2026-11-29T12:00:00.000Z');
const HOUR = 3_600_000;

const run = (query: string, tables = {}) => evaluateKql(query, { tables, now: NOW });

// Expected values are the outputs of the examples at learn.microsoft.com/kusto/query, on the page that is named.

const EXPRESSIONS: [string, unknown][] = [
  // numerical-operators
  ['1.0 / 2', 0.5],
  ['1 / 2.0', 0.5],
  ['1 / 2', 0],
  ['real(1) / 2', 0.5],
  ['14 % 12', 2],
  ['-14 % 12', 10],
  ['14 % -12', 2],
  ['-14 % -12', 10],
  ['10m / 1s', 600],
  ['1s * 5 == 5s', true],
  ['0.23 > 0.22', true],
  ['5 >= 4 and 4 <= 5 and 1 < 10', true],
  ['now() > ago(1d)', true],
  ['10m > 1s', true],
  // datetime-timespan-arithmetic
  ['1d / 5h', 4.8],
  ['1h / 1s', 3600],
  ['1.5 * 1h == 90m', true],
  ['datetime(1910-06-11) + 1d == datetime(1910-06-12)', true],
  ['(datetime(1997-06-25) - datetime(1910-06-11)) / 1d', 31_791],
  ['1d + 2d == 3d', true],
  // scalar-data-types/timespan: a literal of 1.5 hours, and the same as a call
  ['1.5h', 90 * 60_000],
  ['time(15s)', 15_000],
  ['100ms', 100],
  // scalar-data-types/datetime
  ['datetime(2015-12-31 23:59:59)', new Date('2015-12-31T23:59:59Z')],
  // coalesce-function
  ['coalesce(tolong("not a number"), tolong("42"), 33)', 42],
  // tostring-function
  ['tostring(123)', '123'],
  ['tostring(int(null))', ''],
  // bin-function
  ['bin(4.5, 1)', 4],
  ['bin(time(16d), 7d) == 14d', true],
  ['bin(datetime(1970-05-11 13:45:07), 1d)', new Date('1970-05-11T00:00:00Z')],
  ['bin(int(null), 1)', null],
  ['bin(5, -1)', null],
  // strcat-function
  ['strcat("hello", " ", "world")', 'hello world'],
  // isempty-function, isnotempty-function
  ['isempty("")', true],
  ['isnotempty("")', false],
  ['isempty(int(null))', true],
  ['isnull(int(null))', true],
  ['isnotnull(5)', true],
  // iff-function
  ['iff(3 > 2, "yes", "no")', 'yes'],
  ['iff(int(null) > 2, "yes", "no")', 'no'],
  // todouble-function, toint-function, tolong-function
  ['todouble("123.4")', 123.4],
  ['todouble("text")', null],
  ['toint("123") == 123', true],
  ['tolong("123") == 123', true],
  ['tolong(2.3)', 2],
  // datatypes-string-operators
  ['"aBc" =~ "abc"', true],
  ['"aBc" !~ "xyz"', true],
  ['"North America" has "america"', true],
  ['"North America" has "amer"', false],
  ['"Fabrikam" startswith "fab"', true],
  ['"FabriKam" contains "BRik"', true],
  ['"abc" in ("123", "345", "abc")', true],
  ['"bca" !in ("123", "345", "abc")', true],
  ['"a" == "A"', false],
  // scalar-data-types/null-values
  ['int(null) == int(null)', null],
  ['int(null) != int(null)', null],
  ['int(null) == 5', false],
  ['int(null) != 5', true],
  ['int(null) + 10', null],
  ['int(null) > 3 or isnull(int(null))', true],
  // logical-operators
  ['true and false', false],
  ['false or true', true],
  ['not(false)', true],
];

describe('expressions', () => {
  /** One query, because binding takes some time. */
  const all = () => run(`print ${EXPRESSIONS.map(([expression]) => expression).join(', ')}`)[0] ?? {};
  let values: unknown[] = [];
  beforeAll(() => {
    values = Object.values(all());
  });

  it.each(EXPRESSIONS.map(([expression, expected], index) => ({ expression, expected, index })))(
    '$expression',
    ({ expected, index }) => {
      expect(values[index]).toEqual(expected);
    },
  );

  it('now() and ago() count from the time of the evaluation', () => {
    expect(run('print a = now(), b = ago(1h)')).toEqual([{ a: new Date(NOW), b: new Date(NOW - HOUR) }]);
  });
});

describe('operators', () => {
  it('where drops rows whose condition is null', () => {
    // null-values: where treats null as false.
    expect(run('datatable(val:int)[5, int(null)] | where val > 3')).toEqual([{ val: 5 }]);
    expect(run('datatable(val:int)[5, int(null)] | where val != 3')).toEqual([{ val: 5 }, { val: null }]);
  });

  it('extend adds columns, and project keeps those that it names', () => {
    // null-values
    expect(run('datatable(val:int)[5, int(null)] | extend Add = val + 10 | extend Multiply = val * 10')).toEqual([
      { val: 5, Add: 15, Multiply: 50 },
      { val: null, Add: null, Multiply: null },
    ]);
    expect(run('datatable(a:long, b:string)[1, "x"] | project b, c = a * 2')).toEqual([{ b: 'x', c: 2 }]);
  });

  it('sumif and countif select rows', () => {
    const births =
      'let T = datatable(name:string, day_of_birth:long)["John", 9, "Paul", 18, "George", 25, "Ringo", 7]; T |';
    // sumif-aggregation-function, countif-aggregation-function
    expect(run(`${births} summarize sumif(day_of_birth, strlen(name) > 4)`)).toEqual([{ sumif_day_of_birth: 32 }]);
    expect(run(`${births} summarize countif(strlen(name) > 4)`)).toEqual([{ countif_: 2 }]);
  });

  it('arg_max returns the row with the greatest value, and the first one where all are null', () => {
    // arg-max-aggregation-function
    const fruits = `datatable(Fruit: string, Color: string, Version: int) [
      "Apple", "Red", 1, "Apple", "Green", int(null), "Banana", "Yellow", int(null), "Banana", "Green", int(null),
      "Pear", "Brown", 1, "Pear", "Green", 2]`;
    expect(run(`${fruits} | summarize arg_max(Version, *) by Fruit`)).toEqual([
      { Fruit: 'Apple', Version: 1, Color: 'Red' },
      { Fruit: 'Banana', Version: null, Color: 'Yellow' },
      { Fruit: 'Pear', Version: 2, Color: 'Green' },
    ]);
    expect(run(`${fruits} | summarize arg_max(Version, Color) | project Color`)).toEqual([{ Color: 'Green' }]);
  });

  it('aggregations without rows have their defaults, in one row without by and in none with it', () => {
    const empty = 'datatable(x:long)[] | summarize';
    // summarize-operator, default values of aggregations
    expect(run(`${empty} count(), countif(x > 0), dcount(x), sum(x), sumif(x, x > 0)`)).toEqual([
      { count_: 0, countif_: 0, dcount_x: 0, sum_x: 0, sumif_x: 0 },
    ]);
    expect(run(`${empty} max(x), min(x), avg(x), make_list(x)`)).toEqual([
      { max_x: null, min_x: null, avg_x: Number.NaN, list_x: [] },
    ]);
    expect(run(`${empty} count() by x`)).toEqual([]);
    expect(run('datatable(x:long)[] | summarize arg_max(x, *) | where x > 0')).toEqual([]);
  });

  it('aggregations ignore null values, and count does not', () => {
    // summarize-operator: sum 15 and average 5 of null, 5, 5, 5; count 2 of null, 5.
    expect(run('datatable(y:real)[real(null), 5, 5, 5] | summarize sum(y), avg(y)')).toEqual([{ sum_y: 15, avg_y: 5 }]);
    expect(run('datatable(y:real)[real(null), 5] | summarize count(), make_list(y), dcount(y)')).toEqual([
      { count_: 2, list_y: [5], dcount_y: 1 },
    ]);
  });

  it('summarize groups by expressions, and computes with aggregations', () => {
    const rows = [0, 4, 5, 12].map((minute) => ({
      ...{ Name: 'm', Sum: minute, ItemCount: 2, Properties: { reason: minute < 5 ? 'a' : 'b' } },
      TimeGenerated: new Date(NOW + minute * 60_000),
    }));
    const tables = { AppMetrics: rows };
    expect(run('AppMetrics | summarize n = count(), total = sum(Sum) by bin(TimeGenerated, 5m)', tables)).toEqual([
      { TimeGenerated: new Date(NOW), n: 2, total: 4 },
      { TimeGenerated: new Date(NOW + 300_000), n: 1, total: 5 },
      { TimeGenerated: new Date(NOW + 600_000), n: 1, total: 12 },
    ]);
    expect(
      run('AppMetrics | summarize mean = sum(Sum) / sum(ItemCount) by Reason = tostring(Properties.reason)', tables),
    ).toEqual([
      { Reason: 'a', mean: 1 },
      { Reason: 'b', mean: 4.25 },
    ]);
    expect(run("AppMetrics | where Properties['reason'] == 'b' | count", tables)).toEqual([{ Count: 2 }]);
    expect(run("AppMetrics | where tostring(Properties.other) == '' | count", tables)).toEqual([{ Count: 4 }]);
  });

  it('a table without rows is empty, and a column that a row lacks is null', () => {
    expect(run('AppMetrics | count', { AppMetrics: [] })).toEqual([{ Count: 0 }]);
    expect(run('AppMetrics | project Max, AppVersion', { AppMetrics: [{ Name: 'm' }] })).toEqual([
      { Max: null, AppVersion: '' },
    ]);
  });

  it('order by sorts descending with null values last, and ascending with null values first', () => {
    // sort-operator
    const values = 'datatable(v:int)[1, int(null), 3, 2]';
    expect(run(`${values} | order by v`).map(({ v }) => v)).toEqual([3, 2, 1, null]);
    expect(run(`${values} | order by v asc`).map(({ v }) => v)).toEqual([null, 1, 2, 3]);
    expect(run(`${values} | top 2 by v`).map(({ v }) => v)).toEqual([3, 2]);
    expect(run(`${values} | top 2 by v asc | take 1`)).toEqual([{ v: null }]);
    expect(run('datatable(a:string, b:int)["x", 1, "y", 1, "x", 2] | order by b desc, a asc | project a')).toEqual([
      ...[{ a: 'x' }, { a: 'x' }, { a: 'y' }],
    ]);
  });

  it('union has the rows and the columns of all tables', () => {
    // union-operator: kind=outer is the default, with empty cells.
    const query = 'let A = datatable(x:int)[1]; let B = datatable(y:string)["t"];';
    const expected = [
      { x: 1, y: '' },
      { x: null, y: 't' },
    ];
    expect(run(`${query} union A, B`)).toEqual(expected);
    expect(run(`${query} A | union B`)).toEqual(expected);
  });

  it('comments change nothing, wherever they are', () => {
    const query = '// one\nAppMetrics // two\n// three\n| where // four\n Sum > 1 // five\n| count // six';
    expect(run(query, { AppMetrics: [{ Sum: 1 }, { Sum: 2 }] })).toEqual([{ Count: 1 }]);
  });

  it('let names values and tables', () => {
    expect(run('let limit = 2; datatable(x:int)[1, 2, 3] | where x >= limit | count')).toEqual([{ Count: 2 }]);
  });
});

describe('what the evaluator does not know', () => {
  it.each([
    ['an operator', 'AppMetrics | distinct Name', 'DistinctOperator'],
    ['an operator with parameters', 'union withsource=T AppMetrics', 'parameters'],
    ['a function', 'print toupper("a")', 'toupper'],
    ['an aggregation', 'AppMetrics | summarize stdev(Sum)', 'stdev'],
    ['an aggregation of texts', 'datatable(x:string)["a"] | summarize max(x)', 'only numbers'],
    ['a literal', 'print guid(74be27de-1e4e-49d9-b579-fe0b331d3642)', 'guid'],
    ['an expression', 'print 5 between (1 .. 10)', 'ExpressionCouple'],
    ['an operator on texts', 'print "a" endswith "a"', 'endswith'],
    ['an order', 'datatable(x:int)[1] | order by x desc nulls first', 'nulls first'],
    ['a column without a name', 'AppMetrics | extend Sum * 2', 'Name the column'],
  ])('%s is an error', (_name, query, message) => {
    expect(() => run(query, { AppMetrics: [{ Name: 'm', Sum: 1 }] })).toThrow(message);
  });

  it('a table without data is an error', () => {
    expect(() => run('AppMetrics | count')).toThrow('There is no table AppMetrics.');
  });

  it.each([
    ['a name', 'AppMetrics | where Nome == "a"', 'Nome'],
    ['the syntax', 'AppMetrics | where', 'line 1'],
  ])('%s that the language service refuses is an error', (_name, query, message) => {
    expect(() => run(query)).toThrow(message);
  });
});
