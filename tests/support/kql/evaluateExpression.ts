import { aggregate, isAggregate } from './aggregates';
import { findFunction } from './functions';
import type { KqlNode, Value } from './readKql';

export type Row = Readonly<Record<string, Value>>;

/** What the names of an expression mean. */
export interface Scope {
  readonly row: Row;
  /** In summarize: the rows of the group. */
  readonly group?: readonly Row[];
  /** Values of let. */
  readonly lets: ReadonlyMap<string, Value>;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** The value of a scalar expression. Throws for what it does not know. */
export function evaluateExpression(node: KqlNode, scope: Scope): Value {
  const { kind, parts } = node;
  if (kind.endsWith('LiteralExpression')) return node.value;
  if (kind === 'NameReference') return readName(node.text, scope);
  if (kind === 'FunctionCallExpression') return call(node, scope);
  if (kind === 'InExpression' || kind === 'NotInExpression') return evaluateIn(node, scope);
  if (parts['Left'] && parts['Right'] && parts['Operator']) {
    return evaluateBinary(parts['Operator'].text, parts['Left'], parts['Right'], scope);
  }
  if (kind === 'ParenthesizedExpression' || kind === 'SimpleNamedExpression') {
    return evaluateExpression(partOf(node, 'Expression'), scope);
  }
  if (kind === 'UnaryMinusExpression') {
    const value = evaluateExpression(partOf(node, 'Expression'), scope);
    return typeof value === 'number' ? -value : null;
  }
  if (kind === 'PathExpression' || kind === 'ElementExpression') {
    return readMember(evaluateExpression(partOf(node, 'Expression'), scope), partOf(node, 'Selector'), scope);
  }
  throw new Error(`The evaluator does not know ${kind}: ${node.text}`);
}

/** A part that the syntax always has. */
export function partOf(node: KqlNode, name: string): KqlNode {
  const part = node.parts[name];
  if (!part) throw new Error(`${node.kind} has no ${name}: ${node.text}`);
  return part;
}

function readName(name: string, { row, lets }: Scope): Value {
  if (Object.hasOwn(row, name)) return row[name];
  if (lets.has(name)) return lets.get(name);
  throw new Error(`There is no column ${name}.`);
}

/** Of a dynamic value: `Properties.reason` or `Properties['reason']`. A member that it lacks is null. */
function readMember(value: Value, selector: KqlNode, scope: Scope): Value {
  const key =
    selector.kind === 'BracketedExpression' ? evaluateExpression(partOf(selector, 'Expression'), scope) : selector.text;
  if (typeof value !== 'object' || value === null) return null;
  return Object.entries(value).find(([name]) => name === key)?.[1] ?? null;
}

function call(node: KqlNode, scope: Scope): Value {
  const name = partOf(node, 'Name').text;
  const args = partOf(partOf(node, 'ArgumentList'), 'Expressions').items;
  const { group } = scope;
  if (group && isAggregate(name)) {
    const inRow = (arg: KqlNode) => group.map((row) => evaluateExpression(arg, { ...scope, row }));
    return aggregate(name, group.length, args.map(inRow));
  }
  const compute = findFunction(name);
  const values = args.map((arg) => ({ value: evaluateExpression(arg, scope), type: arg.type }));
  return compute(values, scope.now);
}

const ARITHMETIC: Readonly<Record<string, (left: number, right: number) => number>> = {
  '+': (left, right) => left + right,
  '-': (left, right) => left - right,
  '*': (left, right) => left * right,
  '/': (left, right) => left / right,
  // Numerical operators: the remainder is never negative.
  '%': (left, right) => ((left % right) + Math.abs(right)) % Math.abs(right),
};

const ORDER: Readonly<Record<string, (left: number | string, right: number | string) => boolean>> = {
  '<': (left, right) => left < right,
  '<=': (left, right) => left <= right,
  '>': (left, right) => left > right,
  '>=': (left, right) => left >= right,
};

/** String operators without regard to case (datatypes-string-operators). */
const TEXT: Readonly<Record<string, (left: string, right: string) => boolean>> = {
  '=~': (left, right) => left === right,
  '!~': (left, right) => left !== right,
  has: (left, right) => left.split(/[^\p{L}\p{N}]+/u).includes(right),
  contains: (left, right) => left.includes(right),
  startswith: (left, right) => left.startsWith(right),
};

function evaluateBinary(operator: string, leftNode: KqlNode, rightNode: KqlNode, scope: Scope): Value {
  const left = evaluateExpression(leftNode, scope);
  const right = evaluateExpression(rightNode, scope);
  if (operator === 'and') return left === false || right === false ? false : (left ?? null) === null ? null : right;
  if (operator === 'or') return left === true || right === true ? true : (left ?? null) === null ? null : right;
  if (operator === '==') return isEqual(left, right);
  if (operator === '!=') {
    const equal = isEqual(left, right);
    return equal === null ? null : !equal;
  }
  const compareText = TEXT[operator];
  if (compareText && typeof left === 'string' && typeof right === 'string') {
    return compareText(left.toLowerCase(), right.toLowerCase());
  }
  // Null values: a binary operation with a null value gives a null value.
  if (left === null || right === null) return null;
  const compare = ORDER[operator];
  if (compare && isOrdered(left) && isOrdered(right) && typeof left === typeof right) return compare(left, right);
  const compute = ARITHMETIC[operator];
  if (!compute || typeof left !== 'number' || typeof right !== 'number') {
    throw new Error(`The evaluator does not know ${leftNode.type} ${operator} ${rightNode.type}.`);
  }
  const value = compute(left, right);
  if (operator !== '/' || !isInteger(leftNode) || !isInteger(rightNode)) return value;
  // Numerical operators: the division of two integers is an integer, and null for a division by zero.
  return right === 0 ? null : Math.trunc(value);
}

/** Null values: two null values give null, a null value and another one give false. */
function isEqual(left: Value, right: Value): boolean | null {
  return left === null && right === null ? null : left === right;
}

function isOrdered(value: Value): value is number | string {
  return typeof value === 'number' || typeof value === 'string';
}

function isInteger({ type }: KqlNode): boolean {
  return type === 'long' || type === 'int';
}

function evaluateIn(node: KqlNode, scope: Scope): Value {
  const left = evaluateExpression(partOf(node, 'Left'), scope);
  const list = partOf(partOf(node, 'Right'), 'Expressions').items;
  const isIn = list.some((item) => evaluateExpression(item, scope) === left);
  return node.kind === 'InExpression' ? isIn : !isIn;
}
