/**
 * Document filters as one SQL/JSON path. The path is a parameter of the statement, never text of it; it is built from
 * attribute names the schema knows, and values travel beside it as path variables. Only a regular expression has to be
 * written into the path (`like_regex` takes no variable), as a quoted string literal.
 *
 * Conditions whose paths run through one array are about one same element of it:
 * `serviceCharacteristic.name=downMbps&serviceCharacteristic.value=100`. A condition that repeats an (attribute, operator)
 * its element already has starts on another element, so `…name=a&…value=1&…name=b&…value=2` asks for both characteristics.
 */
import { isNumber } from './filter-value.ts';
import type { Filter, Step } from './query-model.ts';

/** A path and its variables, for `jsonb_path_exists_tz(doc, path, vars, true)`. */
export interface DocumentFilter {
  readonly path: string;
  readonly vars: Readonly<Record<string, string | number | boolean>>;
}

/** What must hold of one object: conditions on its attributes, and elements its arrays must have. */
interface Node {
  readonly conditions: { steps: readonly Step[]; filter: Filter }[];
  /** By the path to the array, from here. */
  readonly arrays: Map<string, { steps: readonly Step[]; elements: Node[] }>;
}

/** The filters as one path that exists in a document exactly if all of them hold; undefined for no filters. */
export function toDocumentFilter(filters: readonly Filter[]): DocumentFilter | undefined {
  if (filters.length === 0) return undefined;
  const root = newNode();
  for (const filter of filters) place(root, filter.path.steps, filter);
  const vars: Record<string, string | number | boolean> = {};
  const bind = (value: string | number | boolean) => {
    const name = `v${Object.keys(vars).length}`;
    vars[name] = value;
    return `$${name}`;
  };
  return { path: `$ ? (${nodeText(root, bind)})`, vars };
}

function newNode(): Node {
  return { conditions: [], arrays: new Map() };
}

/** Puts a condition where it belongs: on the object itself, or on an element of the first array along its path. */
function place(node: Node, steps: readonly Step[], filter: Filter): void {
  const arrayAt = steps.findIndex((step) => step.array);
  if (arrayAt === -1) {
    node.conditions.push({ steps, filter });
    return;
  }
  const toArray = steps.slice(0, arrayAt + 1);
  const rest = steps.slice(arrayAt + 1);
  const key = keyOf(toArray);
  const array = node.arrays.get(key) ?? { steps: toArray, elements: [newNode()] };
  node.arrays.set(key, array);
  const last = array.elements.at(-1) ?? newNode();
  const repeats = last.conditions.some(
    (condition) => keyOf(condition.steps) === keyOf(rest) && condition.filter.operator === filter.operator,
  );
  if (repeats) array.elements.push(newNode());
  place(array.elements.at(-1) ?? last, rest, filter);
}

function keyOf(steps: readonly Step[]): string {
  return steps.map((step) => step.name).join('.');
}

type Bind = (value: string | number | boolean) => string;

function nodeText(node: Node, bind: Bind): string {
  const own = node.conditions.map(({ steps, filter }) => conditionText(steps, filter, bind));
  const nested = [...node.arrays.values()].flatMap(({ steps, elements }) =>
    elements.map((element) => `exists(${pathText(steps)} ? (${nodeText(element, bind)}))`),
  );
  return [...own, ...nested].join(' && ');
}

function conditionText(steps: readonly Step[], filter: Filter, bind: Bind): string {
  const alternatives = filter.values.flatMap((value) => comparisons(filter, value, bind)).join(' || ');
  const found = `exists(${pathText(steps)} ? (${alternatives}))`;
  return filter.operator === 'ne' ? `!(${found})` : found;
}

function pathText(steps: readonly Step[]): string {
  return `@${steps.map((step) => `.${quote(step.name)}${step.array ? '[*]' : ''}`).join('')}`;
}

const symbols = { eq: '==', ne: '==', gt: '>', gte: '>=', lt: '<', lte: '<=' } as const;

/** The ways in which a value at the path can satisfy the filter; any of them will do. */
function comparisons({ path, operator }: Filter, value: string, bind: Bind): string[] {
  if (operator === 'regex') return [`@ like_regex ${quote(value)}`];
  const symbol = symbols[operator];
  switch (path.leaf) {
    case 'instant':
      return [`@.datetime() ${symbol} ${bind(value)}.datetime()`];
    case 'number':
      return [`@ ${symbol} ${bind(Number(value))}`];
    case 'boolean':
      return [`@ ${symbol} ${bind(value === 'true')}`];
    case 'string':
    case 'object':
      return [`@ ${symbol} ${bind(value)}`];
    case 'any':
      return anyComparisons(symbol, value, bind);
    default:
      return path.leaf satisfies never;
  }
}

/** A value of any type is compared as text, and as what the text may stand for: `100` finds "100" and 100. */
function anyComparisons(symbol: string, value: string, bind: Bind): string[] {
  if (symbol !== '==')
    return isNumber(value) ? [`@.double() ${symbol} ${bind(Number(value))}`] : [`@ ${symbol} ${bind(value)}`];
  return [
    `@ == ${bind(value)}`,
    ...(isNumber(value) ? [`@ == ${bind(Number(value))}`] : []),
    ...(value === 'true' || value === 'false' ? [`@ == ${bind(value === 'true')}`] : []),
  ];
}

/** A JSON string is a valid SQL/JSON path string literal. */
function quote(text: string): string {
  return JSON.stringify(text);
}
