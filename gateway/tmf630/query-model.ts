/** A list request once it is understood: what `query.ts` makes of a query string and `views.store.ts` reads views by. */
import type { ViewColumn } from './descriptor.ts';

/** TMF630's comparison operators. */
export const operators = ['eq', 'ne', 'gt', 'gte', 'lt', 'lte', 'regex'] as const;
export type Operator = (typeof operators)[number];

/** The JSON type of an attribute's values, as far as comparing goes. `any` is a value the schema leaves open. */
export type LeafType = 'string' | 'number' | 'boolean' | 'instant' | 'any' | 'object';

/** One step of an attribute path: the attribute, and whether its value is an array whose elements are meant. */
export interface Step {
  readonly name: string;
  readonly array: boolean;
}

/** An attribute path that the resource's schema knows. */
export interface AttributePath {
  /** As the client wrote it, without an operator. */
  readonly text: string;
  readonly steps: readonly Step[];
  readonly leaf: LeafType;
  /** The view column that holds it, if one does. */
  readonly column: ViewColumn | undefined;
}

/** A condition on one attribute: `eq` with several values means any of them, `ne` none of them. */
export interface Filter {
  readonly path: AttributePath;
  readonly operator: Operator;
  readonly values: readonly string[];
}

export interface SortKey {
  readonly path: AttributePath;
  readonly descending: boolean;
}

/** Which attributes to answer with: all, or a tree of the wanted ones (an empty tree is `fields=none`). */
export type Fields = 'all' | FieldTree;
export interface FieldTree {
  readonly [attribute: string]: FieldTree | true;
}

/** A place in the sorted list to go on from; opaque to clients (see `cursor.ts`). */
export interface Cursor {
  /** Rows after the place, or the rows before it. */
  readonly direction: 'after' | 'before';
  /** The sort keys' values there (instants as ISO text with microseconds), then nothing for `before` the end. */
  readonly values: readonly (string | null)[];
  /** The id there; undefined together with `before` means the end of the list. */
  readonly id: string | undefined;
}

/** A list request. */
export interface Query {
  readonly filters: readonly Filter[];
  readonly fields: Fields;
  /** Never empty; the id always comes last, by itself. */
  readonly sort: readonly SortKey[];
  readonly offset: number;
  readonly limit: number;
  readonly cursor: Cursor | undefined;
  /** The client asked for a page (`offset`, `limit` or a cursor): a part is then a 206. */
  readonly paged: boolean;
}
