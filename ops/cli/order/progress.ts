import type { ShownItem, ShownOrder } from './gateway-client.ts';

/** States that an order never leaves (TMF641, TMF622), with the exit code each stands for. */
export const exitCodes: Readonly<Record<string, number>> = {
  completed: 0,
  failed: 1,
  rejected: 1,
  cancelled: 1,
  partial: 3,
};

export const hasEnded = (order: Pick<ShownOrder, 'state'>): boolean => Object.hasOwn(exitCodes, order.state);

/** Every item, nested ones too. */
export function* everyItem(items: readonly ShownItem[]): Generator<ShownItem> {
  for (const item of items) {
    yield item;
    yield* everyItem(item.serviceOrderItem ?? []);
  }
}

/** What changed from one look at an order to the next, a line each. */
export function changes(before: ShownOrder | undefined, now: ShownOrder): string[] {
  const known = new Map([...everyItem(before?.serviceOrderItem ?? [])].map((item) => [item.id, item.state]));
  const lines: string[] = [];
  for (const item of everyItem(now.serviceOrderItem)) {
    if (known.get(item.id) === item.state) continue;
    const waits = item.state === 'pending' ? now.note?.find(({ id }) => id === `waiting-${item.id}`) : undefined;
    lines.push(columns(`item ${item.id}`, item.state, described(item, waits?.text)));
  }
  if (before?.state !== now.state) lines.unshift(columns('order', now.state, whyOf(now)));
  for (const alert of (now.jeopardyAlert ?? []).slice(before?.jeopardyAlert?.length ?? 0))
    lines.push(columns('jeopardy', '', alert.message ?? ''));
  return lines;
}

const described = (item: ShownItem, waits: string | undefined): string =>
  [item.action, item.service.serviceType, reasonOf(item), waits]
    .filter((part) => part !== undefined && part !== '')
    .join('  ');

export const whyOf = (order: Pick<ShownOrder, 'state' | 'cancellationReason' | 'errorMessage'>): string =>
  order.state === 'cancelled' ? (order.cancellationReason ?? '') : reasonOf(order);

export const reasonOf = ({ errorMessage }: Pick<ShownOrder, 'errorMessage'>): string =>
  (errorMessage ?? []).map(({ reason, message }) => reason ?? message ?? '').join('; ');

/** One line of progress. */
export const columns = (what: string, state: string, more: string): string =>
  `${what.padEnd(20)} ${state.padEnd(12)} ${more}`.trimEnd();
