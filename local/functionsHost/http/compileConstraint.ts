const INTEGER = /^[+-]?\d+$/;
const DECIMAL = /^[+-]?(\d+\.?\d*|\.\d+)$/;
const GUID = /^[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}$/i;

const SIMPLE: Readonly<Record<string, (value: string) => boolean>> = {
  int: (value) => INTEGER.test(value) && Math.abs(Number(value)) <= 2_147_483_647,
  long: (value) => INTEGER.test(value),
  decimal: (value) => DECIMAL.test(value),
  double: (value) => DECIMAL.test(value),
  float: (value) => DECIMAL.test(value),
  bool: (value) => /^(true|false)$/i.test(value),
  guid: (value) => GUID.test(value),
  alpha: (value) => /^[a-z]*$/i.test(value),
  datetime: (value) => !Number.isNaN(Date.parse(value)),
  required: (value) => value !== '',
};

/**
 * A test for one route constraint such as `int`, `length(2,4)` or `regex(^a)` (ASP.NET Core "Route constraints"). Throws
 * for a constraint it does not know, as the host does.
 */
export function compileConstraint(text: string): (value: string) => boolean {
  const match = /^(\w+)(?:\((.*)\))?$/s.exec(text);
  const name = match?.[1]?.toLowerCase() ?? '';
  const argument = match?.[2];
  const simple = SIMPLE[name];
  if (simple && argument === undefined) return simple;
  if (argument === undefined) throw new Error(`route constraint "${text}" is unknown`);
  if (name === 'regex') {
    const pattern = new RegExp(argument, 'i');
    return (value) => pattern.test(value);
  }
  const [first = Number.NaN, second] = argument.split(',').map(Number);
  switch (name) {
    case 'length':
      return (value) => value.length >= first && value.length <= (second ?? first);
    case 'minlength':
      return (value) => value.length >= first;
    case 'maxlength':
      return (value) => value.length <= first;
    case 'min':
      return (value) => INTEGER.test(value) && Number(value) >= first;
    case 'max':
      return (value) => INTEGER.test(value) && Number(value) <= first;
    case 'range':
      return (value) => INTEGER.test(value) && Number(value) >= first && Number(value) <= (second ?? first);
    default:
      throw new Error(`route constraint "${text}" is unknown`);
  }
}
