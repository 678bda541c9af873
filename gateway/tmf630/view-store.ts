/** What the machinery asks of the read model. `views.store.ts` implements it on PostgreSQL. */
import type { JsonObject } from '../../contracts/tmf/common.ts';
import type { ResourceDescriptor } from './descriptor.ts';
import type { Cursor, Query } from './query-model.ts';

/** A resource as it is stored: its document without `href`, which depends on the request. */
export interface StoredView {
  readonly id: string;
  /** Consecutive per resource; the ETag. */
  readonly revision: number;
  readonly doc: JsonObject;
}

/** A page of a list. */
export interface Page {
  readonly items: readonly StoredView[];
  /** How many rows match the filter; a floor when not exact. */
  readonly total: number;
  readonly totalExact: boolean;
  /** Where the next page begins, if there is one. */
  readonly next: Cursor | undefined;
  /** Where the page before ends, if there is one. */
  readonly prev: Cursor | undefined;
}

export interface ViewStore {
  /**
   * A page ends at `query.limit`, or before when its documents come to more than an answer should have; `next` goes on there.
   * @param signal aborts when the client is gone: then nothing is read any more
   */
  list(resource: ResourceDescriptor, query: Query, signal?: AbortSignal): Promise<Page>;
  /** Undefined for a resource that never was or is deleted. */
  get(resource: ResourceDescriptor, id: string): Promise<StoredView | undefined>;
}
