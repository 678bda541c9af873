/** What has to be done to each component: the difference of what it is to be and what it is. */
import type { PlannedDelivery, ProductOrderRequest } from '../../../contracts/messages/order-management.ts';
import type { Ended, Piece, Pieces } from './pieces.decide.ts';
import type { ItemFault } from './rules.decide.ts';
import { same, shown } from './scope.decide.ts';
import type { IdOf } from './unfold.decide.ts';

/** A delivery that does not know yet what it waits for. */
type Draft = Omit<PlannedDelivery, 'dependsOn'>;

/** More are no order for one aggregate: they would not fit its messages. */
export const mostDeliveries = 200;

/** Deliveries by the key of what they are of; nothing for what stays as it is. */
export function draftsOf(
  { id }: Pick<ProductOrderRequest, 'id'>,
  { pieces, ended }: Pieces,
  idOf: IdOf,
): { readonly drafts: ReadonlyMap<string, Draft>; readonly faults: readonly ItemFault[] } {
  const drafts = new Map<string, Draft>();
  const faults: ItemFault[] = [];
  for (const piece of pieces) {
    const { old, product, component } = piece;
    if (old === undefined && product.status === 'suspended') {
      const reason = `Product ${product.id} is to be suspended, and its component "${component.name}" is new: take it up first, and suspend it after that.`;
      faults.push({ itemId: product.item.itemId, failure: { code: 'suspended', reason } });
    }
    const draft = old === undefined ? added(id, piece, idOf) : modified(id, piece, old, idOf);
    if (draft !== undefined) drafts.set(piece.key, draft);
  }
  for (const end of ended) drafts.set(end.key, deleted(id, end, idOf));
  const over = [...drafts.values()][mostDeliveries];
  if (over !== undefined) {
    const reason = `The order comes to ${drafts.size} service orders, more than ${mostDeliveries}; order its items apart.`;
    faults.push({ itemId: over.itemId, failure: { code: 'tooManyDeliveries', reason } });
  }
  return { drafts, faults };
}

function added(orderId: string, piece: Piece, idOf: IdOf): Draft {
  return { ...common(orderId, piece, 'add', idOf), previous: {}, because: because(piece, []) };
}

function modified(orderId: string, piece: Piece, old: NonNullable<Piece['old']>, idOf: IdOf): Draft | undefined {
  const operatingStatus = switched(piece, old);
  const changes = [
    ...changedNames(old.characteristics, piece.characteristics).map(
      (name) => `${name} changes from ${shown(old.characteristics[name] ?? null)}`,
    ),
    ...(same(old.standsOn.toSorted(), piece.standsOn.toSorted()) ? [] : ['what it stands on changes']),
    ...(sameVersion(piece, old)
      ? []
      : [`service specification changes from ${old.specification.id} ${old.specification.version ?? ''}`]),
    ...(operatingStatus === undefined ? [] : [`the order says ${operatingStatus}`]),
  ];
  if (changes.length === 0) return undefined;
  return {
    ...common(orderId, piece, 'modify', idOf),
    previous: old.characteristics,
    ...(operatingStatus === undefined ? {} : { operatingStatus }),
    because: because(piece, changes),
  };
}

/** What a component is switched to: only where the order says how the product shall run. */
export function switched(
  { product: { ordered, before } }: Piece,
  old: Piece['old'],
): 'active' | 'suspended' | undefined {
  if (old === undefined || ordered === undefined) return undefined;
  const is = (old.service?.operatingStatus ?? before?.status) === 'suspended' ? 'suspended' : 'active';
  return is === ordered ? undefined : ordered;
}

const sameVersion = ({ component: { specification } }: Piece, old: NonNullable<Piece['old']>): boolean =>
  specification.id === old.specification.id && specification.version === old.specification.version;

const changedNames = (one: PlannedDelivery['characteristics'], other: PlannedDelivery['characteristics']): string[] =>
  [...new Set([...Object.keys(one), ...Object.keys(other)])]
    .toSorted()
    .filter((name) => !same(one[name] ?? null, other[name] ?? null));

function common(
  orderId: string,
  { product, component, serviceId, standsOn, characteristics }: Piece,
  action: 'add' | 'modify',
  idOf: IdOf,
): Omit<Draft, 'previous' | 'because'> {
  const { name, serviceType, specification, optional } = component;
  return {
    id: idOf('delivery', orderId, product.id, name, action, product.rule.version),
    itemId: product.items[0] ?? product.item.itemId,
    productId: product.id,
    component: name,
    action,
    optional: optional || product.optional,
    serviceId,
    serviceType,
    specification,
    characteristics,
    standsOn: [...standsOn],
  };
}

const because = ({ product: { rule }, component, reasons }: Piece, changes: readonly string[]): Draft['because'] => ({
  specification: rule.specification,
  rule: rule.version,
  component: component.name,
  reasons: [...changes, ...reasons],
});

function deleted(orderId: string, { product, items, realized, reason }: Ended, idOf: IdOf): Draft {
  const { name, serviceId, serviceType, specification, characteristics, standsOn } = realized;
  const rule = product.rule ?? '';
  return {
    id: idOf('delivery', orderId, product.id, name, 'delete', rule),
    itemId: items[0] ?? '',
    productId: product.id,
    component: name,
    action: 'delete',
    optional: false,
    serviceId,
    serviceType,
    specification,
    characteristics: {},
    previous: characteristics,
    standsOn: [...standsOn],
    because: {
      specification: product.specification ?? { id: 'none' },
      rule,
      component: name,
      reasons: [reason],
    },
  };
}
