/** From a query string to a typed `Query`, checked against the resource's schema (TMF630, part 1). */
import { resolveAttribute } from './attribute-path.ts';
import { readCursor } from './cursor.ts';
import type { ResourceDescriptor } from './descriptor.ts';
import { refuse, shorten } from './errors.ts';
import { fieldTree } from './fields.ts';
import { splitFilter, splitValues, unquote, type FilterText } from './filter-text.ts';
import { readValue } from './filter-value.ts';
import type { Cursor, Fields, Filter, Query, SortKey } from './query-model.ts';
import { MOST_UNFOLDED, unfoldedSize } from './regex-bound.ts';

export const DEFAULT_LIMIT = 100;
export const MAX_LIMIT = 1000;

/** Each clause is another condition on every row; twenty is more than any form has fields. */
const MAX_CLAUSES = 20;
const MAX_VALUES = 100;
const MAX_SORT_KEYS = 4;
const MAX_FIELDS = 100;
/** Offsets beyond this say "walk by the next links instead"; PostgreSQL would count every row on the way. */
const MAX_OFFSET = 10_000_000;
/** See `regex-bound.ts` for what else a pattern may be; what it then takes to search is ended by time. */
const MAX_REGEX_LENGTH = 128;

/** Parameters that are not attributes. No TMF resource has an attribute by one of these names. */
const RESERVED = new Set(['fields', 'sort', 'offset', 'limit', 'cursor']);

/**
 * Understands the query string of a list request.
 * @param text the raw query string without its question mark
 * @throws 400 `unknownAttribute` or `invalidQuery`, naming what is wrong
 */
export function parseQuery(resource: ResourceDescriptor, text: string): Query {
  const pairs = splitPairs(text);
  const sort = parseSort(resource, single(pairs, 'sort') ?? resource.defaultSort);
  const offset = wholeNumber(pairs, 'offset', MAX_OFFSET);
  const limit = wholeNumber(pairs, 'limit', MAX_LIMIT);
  const cursor = parseCursor(single(pairs, 'cursor'), sort);
  if (cursor !== undefined && offset !== undefined) {
    throw refuse('invalidQuery', 'offset and cursor exclude each other: both say where the page begins.');
  }
  return {
    filters: parseFilters(resource, pairs),
    fields: readFields(resource, pairs),
    sort,
    offset: offset ?? 0,
    limit: limit ?? DEFAULT_LIMIT,
    cursor,
    paged: offset !== undefined || limit !== undefined || cursor !== undefined,
  };
}

/**
 * Understands the query string of a request for one resource: `fields` is all it may have.
 * @throws 400 as {@link parseQuery}
 */
export function parseFields(resource: ResourceDescriptor, text: string): Fields {
  const pairs = splitPairs(text);
  const other = pairs.find(({ name }) => name !== 'fields');
  if (other !== undefined) {
    throw refuse('invalidQuery', `'${shorten(other.name)}' has no meaning for a single ${resource.name}.`, {
      message: 'Only fields does. Filters belong to the list.',
    });
  }
  return readFields(resource, pairs);
}

interface Pair {
  readonly name: string;
  /** Undefined when the pair had no literal `=`. */
  readonly value: string | undefined;
}

/** Pairs in their order. Not `URLSearchParams`: that cannot tell `a>b` from `a>b=`, and hides broken escapes. */
function splitPairs(text: string): Pair[] {
  return text
    .split('&')
    .filter((part) => part !== '')
    .map((part) => {
      const equals = part.indexOf('=');
      if (equals === -1) return { name: decode(part), value: undefined };
      return { name: decode(part.slice(0, equals)), value: decode(part.slice(equals + 1)) };
    });
}

function decode(text: string): string {
  let decoded: string;
  try {
    decoded = decodeURIComponent(text.replaceAll('+', ' '));
  } catch (cause) {
    throw refuse('invalidQuery', `'${shorten(text)}' is not percent-encoded correctly.`, { cause });
  }
  if (decoded.includes('\0')) throw refuse('invalidQuery', 'A query string cannot have the character NUL.');
  return decoded;
}

function single(pairs: readonly Pair[], name: string): string | undefined {
  const found = pairs.filter((pair) => pair.name === name);
  if (found.length > 1) throw refuse('invalidQuery', `${name} may be given once.`);
  return found[0]?.value;
}

function wholeNumber(pairs: readonly Pair[], name: string, most: number): number | undefined {
  const text = single(pairs, name);
  if (text === undefined) return undefined;
  if (!/^\d{1,9}$/.test(text) || Number(text) > most) {
    throw refuse('invalidQuery', `${name} must be a whole number from 0 to ${most}, but is '${shorten(text)}'.`);
  }
  return Number(text);
}

function readFields(resource: ResourceDescriptor, pairs: readonly Pair[]): Fields {
  const names = pairs
    .filter(({ name }) => name === 'fields')
    .flatMap(({ value = '' }) => value.split(','))
    .map((name) => name.trim())
    .filter((name) => name !== '');
  if (names.length === 0) return 'all';
  if (names.length > MAX_FIELDS) throw refuse('invalidQuery', `fields may name ${MAX_FIELDS} attributes at most.`);
  if (names.length === 1 && names[0] === 'none') return {};
  return fieldTree(names.map((name) => resolveAttribute(resource, name).steps.map((step) => step.name)));
}

function parseSort(resource: ResourceDescriptor, text: string): SortKey[] {
  // A literal plus arrives as a space, so a leading space is the ascending sign.
  const keys = text.split(',').map((key) => key.trim());
  if (keys.length > MAX_SORT_KEYS) throw refuse('invalidQuery', `sort may name ${MAX_SORT_KEYS} attributes at most.`);
  return keys.map((key) => {
    const path = resolveAttribute(resource, key.replace(/^[-+]\s*/, ''));
    const why = whyUnsortable(
      path.text,
      path.steps.some((step) => step.array),
      path.leaf,
    );
    if (why !== undefined) throw refuse('invalidQuery', why);
    return { path, descending: key.startsWith('-') };
  });
}

function whyUnsortable(attribute: string, throughArray: boolean, leaf: string): string | undefined {
  if (attribute === 'href') return 'Sort by id instead of href: the href is made for each request.';
  if (throughArray) return `A list cannot be sorted by '${attribute}': each entry may have several.`;
  if (leaf === 'object' || leaf === 'any')
    return `A list cannot be sorted by '${attribute}': its values have no order.`;
  return undefined;
}

function parseCursor(text: string | undefined, sort: readonly SortKey[]): Cursor | undefined {
  return text === undefined ? undefined : readCursor(text, sort);
}

function parseFilters(resource: ResourceDescriptor, pairs: readonly Pair[]): Filter[] {
  const clauses = pairs.filter(({ name }) => !RESERVED.has(name));
  if (clauses.length > MAX_CLAUSES) {
    throw refuse('invalidQuery', `A query may have ${MAX_CLAUSES} conditions, not ${clauses.length}.`);
  }
  return clauses.map(({ name, value }) => {
    const filter = splitFilter(name, value);
    if (filter === undefined) {
      throw refuse('invalidQuery', `'${shorten(name)}' is no condition.`, {
        message: 'Write attribute=value, attribute.gt=value or attribute%3Evalue.',
      });
    }
    return readFilter(resource, filter);
  });
}

function readFilter(resource: ResourceDescriptor, { attribute, operator, value }: FilterText): Filter {
  const path = resolveAttribute(resource, attribute);
  if (path.text === 'href') {
    throw refuse('invalidQuery', 'Filter by id instead of href: the href is made for each request.');
  }
  const texts = operator === 'regex' ? [checkRegex(unquote(value))] : splitValues(value);
  if (texts.length > MAX_VALUES) throw refuse('invalidQuery', `'${attribute}' has more than ${MAX_VALUES} values.`);
  if (texts.length > 1 && operator !== 'eq' && operator !== 'ne') {
    throw refuse('invalidQuery', `'${attribute}.${operator}' compares with one value.`, {
      message: 'Put a value that has a comma in quotes.',
    });
  }
  return { path, operator, values: texts.map((text) => readValue(path, operator, text)) };
}

function checkRegex(pattern: string): string {
  if (pattern.length > MAX_REGEX_LENGTH) {
    throw refuse('invalidQuery', `A regular expression may have ${MAX_REGEX_LENGTH} characters.`);
  }
  if (/(?<!\\)(?:\\\\)*\\[1-9]/.test(pattern)) {
    throw refuse('invalidQuery', 'A regular expression may not have back-references.');
  }
  if (/\{\d*,?\d{3,}/.test(pattern)) {
    throw refuse('invalidQuery', 'A regular expression may not repeat something 100 times or more.');
  }
  const size = unfoldedSize(pattern);
  if (size === undefined) {
    throw refuse('invalidQuery', `'${shorten(pattern)}' is no regular expression that can be used here.`, {
      message:
        'It is written as PostgreSQL has advanced regular expressions; options are (?i) and the like, at its beginning.',
    });
  }
  if (size > MOST_UNFOLDED) {
    throw refuse('invalidQuery', `A regular expression may come to ${MOST_UNFOLDED} characters, not ${size}.`, {
      message:
        'Counted repeats are written out before it is matched, and those within each other multiply: ask for fewer.',
    });
  }
  return pattern;
}
