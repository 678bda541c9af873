/** What the generic machinery has to know of a resource to serve it. */
import type * as z from 'zod';

import type { JsonObject } from '../../contracts/tmf/common.ts';

/** The columns of a view row that filters and sorts may use instead of the document. */
export type ViewColumn =
  | 'id'
  | 'state'
  | 'external_id'
  | 'category'
  | 'party_ids'
  | 'created_at'
  | 'start_at'
  | 'completed_at'
  | 'updated_at';

/** How a column holds its attribute: text, an instant, or the set of all values found in an array of objects. */
export type ColumnKind = 'text' | 'instant' | 'set';

export const columnKinds: Readonly<Record<ViewColumn, ColumnKind>> = {
  id: 'text',
  state: 'text',
  external_id: 'text',
  category: 'text',
  party_ids: 'set',
  created_at: 'instant',
  start_at: 'instant',
  completed_at: 'instant',
  updated_at: 'instant',
};

/** An operation a resource may offer. */
export type Operation = 'list' | 'retrieve' | 'create' | 'patch' | 'delete';

/** A TMF resource, as far as the boundary is concerned. */
export interface ResourceDescriptor {
  /** The resource's name in paths, events and the view table, such as `serviceOrder`. */
  readonly name: string;
  /** One sentence for the published documentation. */
  readonly summary: string;
  /** Where the API lives, without a slash at its end, such as `/tmf-api/serviceOrdering/v4`. */
  readonly basePath: string;
  /** What is read. Filters, sort and fields are checked against it, and a patched document must satisfy it. */
  readonly schema: z.ZodType<JsonObject>;
  /** The body of POST, where there is one. */
  readonly create?: z.ZodType<JsonObject>;
  /** A body of POST worth sending as it is: published, and what the documentation page offers to try. */
  readonly example?: JsonObject;
  /** What PATCH may send, where there is one: published, and the patched document is checked by `schema`. */
  readonly update?: z.ZodType<JsonObject>;
  readonly operations: readonly Operation[];
  /** What a POST with `?dryRun=true` is answered with, where it may be asked so. */
  readonly dryRun?: z.ZodType;
  /** Query parameters of a PATCH, with the words each takes. */
  readonly patchParameters?: Readonly<
    Record<string, { readonly values: readonly string[]; readonly description: string }>
  >;
  /** Attributes a PATCH may not change. */
  readonly notPatchable?: readonly string[];
  /** Attributes the server alone sets: a POST that brings one is refused. `href` is always dropped without a word. */
  readonly notCreatable?: readonly string[];
  /**
   * Attribute paths that a view column holds. The projector keeps column and document in step. A `set` column answers
   * equality alone.
   */
  readonly columns: Readonly<Record<string, ViewColumn>>;
  /** The order of a list whose client asks for none, as it would be written in `sort`. */
  readonly defaultSort: string;
  /** Adds what depends on the request, such as the hrefs of other resources in the document. */
  readonly present?: (document: JsonObject, baseUrl: string) => JsonObject;
}
