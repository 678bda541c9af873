import type { JsonObject } from '../../contracts/tmf/common.ts';
import { type ResourceDescriptor, type ViewColumn, columnKinds } from '../tmf630/descriptor.ts';

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

/** Reads the columns out of a document, by the resource's own mapping: filters find what the document shows. */
export function columnsOf(resource: ResourceDescriptor, doc: JsonObject): ViewColumns {
  const single = (column: ViewColumn): string | null => {
    const path = pathOf(resource, column);
    const [value] = path === undefined ? [] : valuesAt(doc, path.split('.'));
    return typeof value === 'string' ? value : null;
  };
  const parties = Object.entries(resource.columns).filter(([, column]) => columnKinds[column] === 'set');
  return {
    state: single('state'),
    external_id: single('external_id'),
    category: single('category'),
    party_ids: [
      ...new Set(parties.flatMap(([path]) => valuesAt(doc, path.split('.'))).filter((one) => typeof one === 'string')),
    ],
    created_at: single('created_at'),
    start_at: single('start_at'),
    completed_at: single('completed_at'),
  };
}

function pathOf(resource: ResourceDescriptor, column: ViewColumn): string | undefined {
  return Object.entries(resource.columns).find(([, one]) => one === column)?.[0];
}

function valuesAt(value: unknown, path: readonly string[]): unknown[] {
  if (Array.isArray(value)) return value.flatMap((one) => valuesAt(one, path));
  const [name, ...rest] = path;
  if (name === undefined) return value === undefined ? [] : [value];
  if (typeof value !== 'object' || value === null) return [];
  return valuesAt((value as JsonObject)[name], rest);
}
