import { send } from '../../../contracts/messages/message.ts';
import {
  type ProductOrderRequest,
  type RequestedProductItem,
  acceptProductOrder,
} from '../../../contracts/messages/order-management.ts';
import { type Draft, productsOf } from '../draft.decide.ts';
import type { Effects, OrderState } from '../order.state.ts';

/**
 * An amendment that came too late, as an order of its own: what its items were to be is asked of the products they come to.
 *
 * @param commandId the amendment's, from which the order's id is derived
 */
export function followUpOf(
  draft: Draft,
  items: readonly RequestedProductItem[],
  commandId: string,
): ProductOrderRequest {
  const { id, request } = draft.order;
  const tops = [...new Set(items.map(({ itemId }) => outermost(request, itemId)))];
  const { requestedStartDate: _past, ...rest } = request;
  return {
    ...rest,
    id: draft.tools.idOf(id, 'follow-up', commandId),
    orderDate: draft.now.toISOString(),
    description: `Follows product order ${id}: an amendment that came after its item had started.`,
    items: tops.flatMap((top) => followed(draft, top, items)),
  };
}

/** The item that decides how a nested one fares. */
export function outermost({ items }: Pick<ProductOrderRequest, 'items'>, itemId: string): string {
  const partOf = items.find((one) => one.itemId === itemId)?.partOf;
  return partOf === undefined ? itemId : outermost({ items }, partOf);
}

function followed(draft: Draft, top: string, amended: readonly RequestedProductItem[]): RequestedProductItem[] {
  const { request } = draft.order;
  const known = amended.find(({ itemId }) => itemId === top);
  const asked = known ?? request.items.find(({ itemId }) => itemId === top);
  if (asked === undefined) return [];
  // Only what is nested in it changes: of itself it stays as it is.
  const item = known ?? { ...asked, characteristics: {} };
  const nested = amended.filter(({ itemId }) => itemId !== top && outermost(request, itemId) === top);
  const units =
    item.action === 'add'
      ? productsOf(draft).flatMap((one) => (one.itemId === top && one.bundle === undefined ? [one.id] : []))
      : [item.productId];
  return units.flatMap((productId, at) => {
    const named = (itemId: string): string => (units.length === 1 ? itemId : `${itemId}-${at + 1}`);
    const change = (one: RequestedProductItem): RequestedProductItem => ({
      ...one,
      itemId: named(one.itemId),
      action: one.action === 'add' ? 'modify' : one.action,
      quantity: 1,
      dependsOn: [],
    });
    const parts = nested.map((one) => ({ ...change(one), partOf: named(one.partOf ?? top) }));
    return [{ ...change(item), ...(productId === undefined ? {} : { productId }) }, ...parts];
  });
}

/** Places the orders that waited for this one to give its products back. */
export function placeFollowUps(draft: Draft): void {
  for (const order of draft.followUps) draft.send.push(send(acceptProductOrder, { order }));
  draft.followUps = [];
}

/** Hears that an order which follows this one is there: the release before places it again until then. */
export function onFollowUpAccepted(state: OrderState | undefined, followUpId: string): Effects {
  if (state === undefined) return {};
  const followUps = state.followUps.filter(({ id }) => id !== followUpId);
  return followUps.length === state.followUps.length ? {} : { save: [{ ...state, followUps }] };
}
