import type { ListedPrinter } from '../../shared/graph/api/printers';
import { matchesPattern } from '../../shared/rules/pattern';
import { fold } from '../resolveNames';
import type { Matcher, PrinterSelection } from './document';

/** Whether a selection has a printer: one of `include` matches, and none of `exclude`. Case does not matter. */
export function createSelection({ include, exclude = [] }: PrinterSelection): (printer: ListedPrinter) => boolean {
  const isIncluded = anyOf(include);
  const isExcluded = anyOf(exclude);
  return (printer) => isIncluded(printer) && !isExcluded(printer);
}

/** A document may name 5,000 printers one by one. Texts without a star are looked up, so that such a one stays fast. */
function anyOf(matchers: readonly Matcher[]): (printer: ListedPrinter) => boolean {
  const texts = matchers.filter((one) => typeof one === 'string').map(fold);
  const whole = new Set(texts.filter((text) => !text.includes('*')));
  const patterns = texts.filter((text) => text.includes('*'));
  const others = matchers.filter((one) => typeof one !== 'string');
  return (printer) => {
    const names = [printer.id, fold(printer.name)];
    return (
      names.some((name) => whole.has(name) || patterns.some((text) => matchesPattern(text, name))) ||
      others.some((fields) => matchesFields(fields, printer))
    );
  };
}

function matchesFields(fields: Exclude<Matcher, string>, printer: ListedPrinter): boolean {
  const { id, name, manufacturer, model, share, location } = fields;
  const { location: place } = printer;
  const asked: [string | undefined, readonly string[]][] = [
    [id, [printer.id]],
    [name, [printer.name]],
    [manufacturer, [printer.manufacturer]],
    [model, [printer.model]],
    [share, printer.shares],
    ...(typeof location === 'object'
      ? Object.entries(location).map(([field, text]): [string | undefined, readonly string[]] => [
          text,
          [place[field] ?? []].flat(),
        ])
      : [[location, Object.values(place).flat()] satisfies [string | undefined, readonly string[]]]),
  ];
  return asked.every(([text, values]) => text === undefined || values.some((value) => matchesText(text, value)));
}

function matchesText(text: string, value: string): boolean {
  return matchesPattern(fold(text), fold(value));
}
