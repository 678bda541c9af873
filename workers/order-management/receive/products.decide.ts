/** What an order makes of its products, in the words of the product inventory. */
import { send } from '../../../contracts/messages/message.ts';
import type { PlannedProduct, RequestedProductItem } from '../../../contracts/messages/order-management.ts';
import {
  type Product,
  type ProductClaim,
  type ProductDraft,
  type ProductRecord,
  claimProducts,
  recordProducts,
} from '../../../contracts/messages/product-inventory.ts';
import { type Delivery, type Draft, all, productsOf } from '../draft.decide.ts';
import { serviceIdNow } from '../deliver/launch.decide.ts';

/** Asks for the products of the order: those it adds, and those it changes. Parts come with their bundles. */
export function claim(draft: Draft): void {
  const claims = claimsOf(draft);
  if (claims.length === 0) {
    draft.claim = 'granted';
    return;
  }
  draft.claim = 'asked';
  draft.send.push(send(claimProducts, { orderId: draft.order.id, claims }));
}

function claimsOf(draft: Draft): ProductClaim[] {
  return draft.order.request.items.flatMap((item): ProductClaim[] => {
    const { itemId, action, productId, partOf } = item;
    if (action === 'noChange' || partOf !== undefined) return [];
    if (action !== 'add') return productId === undefined ? [] : [{ itemId, productId, action }];
    const added = productsOf(draft).filter((one) => one.itemId === itemId && one.bundle === undefined);
    return added.map((one) => ({ itemId, productId: one.id, action, draft: draftOfProduct(draft, one, item) }));
  });
}

function draftOfProduct(draft: Draft, planned: PlannedProduct, item: RequestedProductItem | undefined): ProductDraft {
  const { id, name, offering, specification, characteristics, bundle, places = item?.places ?? [] } = planned;
  const { description, isCustomerVisible, relationships = [], parties = [] } = item ?? {};
  return {
    ...(name === undefined ? {} : { name }),
    ...(description === undefined || bundle !== undefined ? {} : { description }),
    isBundle: productsOf(draft).some((one) => one.bundle?.productId === id),
    ...(isCustomerVisible === undefined ? {} : { isCustomerVisible }),
    ...(offering === undefined ? {} : { offering }),
    specification,
    characteristics,
    ...(bundle === undefined ? {} : { bundle }),
    relationships: bundle === undefined ? relationships : [],
    parties,
    places,
    orderDate: draft.order.request.orderDate,
  };
}

/** Writes how the products stand while the order works on them. */
export function recordBegun(draft: Draft): void {
  draft.records += 1;
  const products = productsOf(draft).map((planned): ProductRecord => ({
    ...named(draft, planned),
    status: planned.action === 'delete' ? 'pendingTerminate' : 'pendingActive',
  }));
  if (products.length > 0) tell(draft, false, products);
}

/** Writes what the order came to, and gives its products back. */
export function recordEnd(draft: Draft): void {
  tell(draft, true, draft.planned ? productsOf(draft).map((one) => outcomeOf(draft, one)) : neverPlanned(draft));
}

const tell = (draft: Draft, release: boolean, products: readonly ProductRecord[]): void =>
  void draft.send.push(
    send(recordProducts, { orderId: draft.order.id, number: draft.records, release, products: [...products] }),
  );

/** The order came to nothing before there was a plan: what was made for it is called off, all else is as it was. */
function neverPlanned(draft: Draft): ProductRecord[] {
  return claimsOf(draft).flatMap(({ itemId, productId, action }): ProductRecord[] => {
    if (action === 'add') return [{ productId, itemId, action, status: 'cancelled' }];
    const before = productBefore(draft, productId);
    return before === undefined ? [] : [{ productId, itemId, action, status: before.status }];
  });
}

function named(
  draft: Draft,
  planned: PlannedProduct,
): Pick<ProductRecord, 'productId' | 'itemId' | 'action' | 'draft'> {
  const { id, itemId, action, bundle } = planned;
  const item = draft.order.request.items.find((one) => one.itemId === itemId);
  const isPart = action === 'add' && bundle !== undefined;
  return {
    productId: id,
    itemId,
    action,
    ...(isPart ? { draft: draftOfProduct(draft, planned, item) } : {}),
  };
}

function outcomeOf(draft: Draft, planned: PlannedProduct): ProductRecord {
  const record = named(draft, planned);
  const own = all(draft).filter((one) => one.planned.productId === planned.id);
  const spoiled = own.some(({ work }) => work.spoiled !== undefined);
  const how = draft.givenUp[planned.id];
  if (how === undefined) return asOrdered(draft, planned, own, record);
  if (spoiled) return { ...record, status: 'pendingTerminate', components: remaining(draft, planned, own) };
  if (planned.action === 'add')
    return { ...record, status: how === 'cancelled' ? 'cancelled' : 'aborted', components: [] };
  const before = productBefore(draft, planned.id);
  return { ...record, status: before?.status ?? 'active' };
}

function asOrdered(
  draft: Draft,
  planned: PlannedProduct,
  own: readonly Delivery[],
  record: Pick<ProductRecord, 'productId' | 'itemId' | 'action' | 'draft'>,
): ProductRecord {
  if (planned.status === 'terminated') return { ...record, status: 'terminated', components: [], missing: [] };
  const left = leftOutOf(draft, planned, own);
  // Of these nothing is there but what there was before the order.
  const dropped = new Set(
    own.flatMap((one) =>
      one.work.goal === 'takeBack' && one.work.spoiled === undefined ? [one.planned.serviceId] : [],
    ),
  );
  const isSpoiled = own.some(({ work }) => work.spoiled !== undefined);
  const incomplete = left.length > 0 || own.some(({ progress }) => progress.state === 'partial');
  const components = [
    ...planned.components.filter(({ serviceId }) => !dropped.has(serviceId)).map((one) => nowOf(draft, one)),
    ...componentsBefore(draft, planned.id).filter(({ serviceId }) => dropped.has(serviceId)),
  ];
  return {
    ...record,
    status: isSpoiled ? 'pendingTerminate' : incomplete ? 'pendingActive' : planned.status,
    specification: planned.specification,
    rule: planned.rule,
    characteristics: planned.characteristics,
    components,
    // What is there, if not as it was asked for, is not missing: it would be made a second time.
    missing: left.filter((name) => !components.some((one) => one.name === name)),
  };
}

/** Components and bundled products whose change is left out. */
function leftOutOf(draft: Draft, planned: PlannedProduct, own: readonly Delivery[]): string[] {
  const components = own.filter(({ work }) => work.goal === 'takeBack').map((one) => one.planned.component);
  const parts = productsOf(draft).flatMap(({ id, bundle }) =>
    bundle?.productId === planned.id && draft.givenUp[id] !== undefined ? [bundle.name] : [],
  );
  return [...new Set([...components, ...parts])];
}

/** The services that are still there although its change was given up. */
function remaining(draft: Draft, planned: PlannedProduct, own: readonly Delivery[]): ProductRecord['components'] {
  if (planned.action === 'add') {
    const left = own.filter(({ work }) => work.landed || work.spoiled !== undefined);
    const names = new Set(left.map((one) => one.planned.component));
    return planned.components.filter(({ name }) => names.has(name)).map((one) => nowOf(draft, one));
  }
  const gone = new Set(
    own.flatMap((one) => (one.planned.action === 'delete' && one.work.landed ? [one.progress.serviceId] : [])),
  );
  return componentsBefore(draft, planned.id).filter(({ serviceId }) => !gone.has(serviceId));
}

type Component = PlannedProduct['components'][number];

const nowOf = (draft: Draft, one: Component): Component => ({
  ...one,
  serviceId: serviceIdNow(draft, one.serviceId),
  standsOn: one.standsOn.map((id) => serviceIdNow(draft, id)),
});

const componentsBefore = (draft: Draft, id: string): Component[] =>
  (productBefore(draft, id)?.components ?? []).map(({ service: _told, ...rest }) => rest);

const productBefore = (draft: Draft, id: string): Product | undefined => draft.products.find((one) => one.id === id);

/** True where products of the order are not whole although nothing of it failed. */
export const isIncomplete = (draft: Draft): boolean =>
  productsOf(draft).some(({ id }) => draft.givenUp[id] === 'leftOut') ||
  all(draft).some(
    ({ planned, progress, work }) =>
      draft.givenUp[planned.productId] === undefined && (progress.state === 'partial' || work.goal === 'takeBack'),
  );
