import type { RequestedItem } from '../../contracts/messages/service-ordering.ts';
import type { Failure } from '../../contracts/messages/values.ts';

/** An item and what it must wait for. */
export type GraphItem = Pick<RequestedItem, 'itemId' | 'dependsOn'>;

/** What is wrong with the items' relations, if anything: repeated ids, unknown references, cycles. */
export function graphFault(items: readonly GraphItem[]): Failure | undefined {
  const known = new Set<string>();
  for (const { itemId } of items) {
    if (known.has(itemId))
      return {
        code: 'duplicateItem',
        reason: `Item id "${itemId}" is used twice; item ids must be unique within the order.`,
      };
    known.add(itemId);
  }
  for (const { itemId, dependsOn } of items) {
    const missing = dependsOn.find((id) => !known.has(id));
    if (missing !== undefined) {
      return {
        code: 'unknownItem',
        reason: `Item "${itemId}" depends on item "${missing}", which this order does not have.`,
      };
    }
  }
  const cycle = findCycle(items);
  return cycle && { code: 'itemCycle', reason: `Items depend on each other in a circle: ${cycle.join(' -> ')}.` };
}

/** The ids along one circle, the first repeated at the end. */
function findCycle(items: readonly GraphItem[]): string[] | undefined {
  const dependencies = new Map(items.map((item) => [item.itemId, item.dependsOn]));
  const clear = new Set<string>();
  for (const { itemId } of items) {
    // Iterative depth-first search: the path holds where we are and which dependency comes next.
    const path = [{ id: itemId, next: 0 }];
    while (!clear.has(itemId)) {
      const top = path.at(-1);
      if (top === undefined) break;
      const following = dependencies.get(top.id)?.[top.next];
      top.next += 1;
      if (following === undefined) {
        clear.add(top.id);
        path.pop();
        continue;
      }
      if (clear.has(following)) continue;
      const start = path.findIndex((step) => step.id === following);
      if (start >= 0) return [...path.slice(start).map((step) => step.id), following];
      path.push({ id: following, next: 0 });
    }
  }
  return undefined;
}

/** Everything that depends on an item, directly or not. */
export function dependants(items: readonly GraphItem[], itemId: string): Set<string> {
  const found = new Set<string>();
  const open = [itemId];
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    for (const item of items) {
      if (!item.dependsOn.includes(id) || found.has(item.itemId)) continue;
      found.add(item.itemId);
      open.push(item.itemId);
    }
  }
  return found;
}

/** Items in the order in which they can be done: each after those it depends on, else as they were given. */
export function inOrder<Item extends GraphItem>(items: readonly Item[]): Item[] {
  const ordered = new Map<string, Item>();
  for (let open = [...items]; open.length > 0;) {
    const ready = open.filter(({ dependsOn }) => dependsOn.every((id) => ordered.has(id)));
    // What is in a circle, or waits for nobody known, has no order.
    for (const item of ready.length > 0 ? ready : open) ordered.set(item.itemId, item);
    if (ready.length === 0) break;
    open = open.filter((item) => !ready.includes(item));
  }
  return [...ordered.values()];
}
