/** A view store in memory, for tests of everything above the database. It filters nothing and sorts by id. */
import type { StoredView, ViewStore } from '../view-store.ts';

export function memoryViews(
  ...views: StoredView[]
): ViewStore & { put(view: StoredView): void; drop(id: string): void } {
  const byId = new Map(views.map((view) => [view.id, view]));
  return {
    put: (view) => void byId.set(view.id, view),
    drop: (id) => void byId.delete(id),
    get: (_resource, id) => Promise.resolve(byId.get(id)),
    list(_resource, { offset, limit }) {
      const all = [...byId.values()].toSorted((a, b) => a.id.localeCompare(b.id));
      const items = all.slice(offset, offset + limit);
      const last = items.at(-1);
      const next =
        last === undefined || offset + limit >= all.length
          ? undefined
          : { direction: 'after' as const, values: [null], id: last.id };
      return Promise.resolve({ items, total: all.length, totalExact: true, next, prev: undefined });
    },
  };
}
