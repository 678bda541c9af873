/** The small grammar of a filter: `attribute[.operator]=value,value`, with values bare or in quotes. */
import { operators, type Operator } from './query-model.ts';

/** `attr>v` and its kin, as they read once decoded; longer ones first. */
const symbols: readonly (readonly [symbol: string, operator: Operator])[] = [
  ['>=', 'gte'],
  ['<=', 'lte'],
  ['!=', 'ne'],
  ['*=', 'regex'],
  ['==', 'eq'],
  ['>', 'gt'],
  ['<', 'lt'],
];

/** A filter as it is spelled, not yet checked against a schema. */
export interface FilterText {
  readonly attribute: string;
  readonly operator: Operator;
  readonly value: string;
}

/**
 * Splits a decoded pair into attribute, operator and value.
 * @param name what stood before the first literal `=`
 * @param value what stood behind it; undefined when there was none, as in `orderDate>2026-01-01`
 */
export function splitFilter(name: string, value: string | undefined): FilterText | undefined {
  const found = firstSymbol(name, value);
  if (found !== undefined) return found;
  if (value === undefined) return undefined;
  const dot = name.lastIndexOf('.');
  const suffix = operators.find((operator) => operator === name.slice(dot + 1));
  if (dot > 0 && suffix !== undefined) return { attribute: name.slice(0, dot), operator: suffix, value };
  return { attribute: name, operator: 'eq', value };
}

function firstSymbol(name: string, value: string | undefined): FilterText | undefined {
  const at = name.search(/[<>!*=]/);
  if (at === -1) return undefined;
  // The `=` of `>=` may have been the literal one the pair was split at.
  const rest = `${name.slice(at)}${value === undefined ? '' : `=${value}`}`;
  const [symbol, operator] = symbols.find(([text]) => rest.startsWith(text)) ?? [];
  if (symbol === undefined || operator === undefined) return undefined;
  return { attribute: name.slice(0, at), operator, value: rest.slice(symbol.length) };
}

/**
 * The alternatives of a value. Commas separate, except inside a value that is quoted as a whole (`"a,b"` or `'a,b'`);
 * quotes elsewhere are themselves.
 */
export function splitValues(text: string): string[] {
  const values: string[] = [];
  let at = 0;
  for (;;) {
    const quoted = /^(?:"([^"]*)"|'([^']*)')(?=,|$)/.exec(text.slice(at));
    const end = quoted === null ? nextComma(text, at) : at + quoted[0].length;
    values.push(quoted === null ? text.slice(at, end) : (quoted[1] ?? quoted[2] ?? ''));
    if (end >= text.length) return values;
    at = end + 1;
  }
}

/** A value that is quoted as a whole, without its quotes. */
export function unquote(text: string): string {
  return /^(["'])(.*)\1$/s.exec(text)?.[2] ?? text;
}

function nextComma(text: string, from: number): number {
  const comma = text.indexOf(',', from);
  return comma === -1 ? text.length : comma;
}
