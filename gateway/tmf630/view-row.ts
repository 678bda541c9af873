import type { JsonObject } from '../../contracts/tmf/common.ts';
import { type ResourceDescriptor, type ViewColumn, columnKinds } from './descriptor.ts';

/** The indexed columns of a view row, as its document says. */
export interface ViewColumns {
  readonly state: string | null;
  readonly external_id: string | null;
  readonly category: string | null;
  readonly party_ids: readonly string[];
  readonly created_at: string | null;
  readonly start_at: string | null;
  readonly completed_at: string | null;
}

/** Where a resource's columns are in its documents, read once from its mapping. */
interface ColumnPaths {
  readonly single: ReadonlyMap<ViewColumn, readonly string[]>;
  readonly parties: readonly (readonly string[])[];
}
const pathsOf = new WeakMap<ResourceDescriptor, ColumnPaths>();

/** Reads the columns out of a document, by the resource's own mapping: filters find what the document shows. */
export function columnsOf(resource: ResourceDescriptor, doc: JsonObject): ViewColumns {
  const paths = pathsOf.get(resource) ?? readPaths(resource);
  const single = (column: ViewColumn): string | null => {
    const path = paths.single.get(column);
    const [value] = path === undefined ? [] : valuesAt(doc, path);
    return typeof value === 'string' ? value : null;
  };
  return {
    state: single('state'),
    external_id: single('external_id'),
    category: single('category'),
    party_ids: [
      ...new Set(paths.parties.flatMap((path) => valuesAt(doc, path)).filter((one) => typeof one === 'string')),
    ],
    created_at: single('created_at'),
    start_at: single('start_at'),
    completed_at: single('completed_at'),
  };
}

function readPaths(resource: ResourceDescriptor): ColumnPaths {
  const all = Object.entries(resource.columns).map(([path, column]) => ({ column, path: path.split('.') }));
  const read: ColumnPaths = {
    // Of several attributes with one column the first counts.
    single: new Map(all.toReversed().map(({ column, path }) => [column, path])),
    parties: all.filter(({ column }) => columnKinds[column] === 'set').map(({ path }) => path),
  };
  pathsOf.set(resource, read);
  return read;
}

function valuesAt(value: unknown, path: readonly string[]): unknown[] {
  if (Array.isArray(value)) return value.flatMap((one) => valuesAt(one, path));
  const [name, ...rest] = path;
  if (name === undefined) return value === undefined ? [] : [value];
  if (typeof value !== 'object' || value === null) return [];
  return valuesAt((value as JsonObject)[name], rest);
}
