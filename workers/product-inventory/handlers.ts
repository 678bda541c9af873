import { send } from '../../contracts/messages/message.ts';
import {
  claimProducts,
  createProduct,
  deleteProduct,
  emitProducts,
  recordProducts,
  replaceProduct,
} from '../../contracts/messages/product-inventory.ts';
import { serviceChanged } from '../../contracts/messages/service-inventory.ts';
import { type Handler, done, onMany, park } from '../../ops/platform/messaging/handler.ts';
import { claimAll } from './claims.decide.ts';
import { onService } from './consistency.decide.ts';
import { changed, orderKey, serviceKey } from './product.state.ts';
import { inventory, pageOfProducts } from './product.store.ts';
import { isContradiction, record } from './record.decide.ts';
import { create, remove, replace } from './write.decide.ts';

const bundleOf = (draft: { readonly bundle?: { readonly productId: string } | undefined } | undefined): string[] =>
  draft?.bundle === undefined ? [] : [draft.bundle.productId];

/** Everything the product inventory listens to. */
export const handlers: readonly Handler[] = [
  onMany(claimProducts, {
    of: inventory,
    keys: ({ orderId, claims }) => [
      orderKey(orderId),
      ...claims.flatMap(({ productId, draft }) => [productId, ...bundleOf(draft)]),
    ],
    decide: (get, { body, now }) => done(claimAll(get, body, now)),
  }),
  onMany(recordProducts, {
    of: inventory,
    keys: ({ orderId, products }) => [
      orderKey(orderId),
      ...products.flatMap(({ productId, draft, components = [] }) => [
        productId,
        ...bundleOf(draft),
        ...components.map(({ serviceId }) => serviceKey(serviceId)),
      ]),
    ],
    decide: (get, { body, now }) => {
      const decided = record(get, body, now);
      return isContradiction(decided) ? park(decided.code, decided.reason) : done(decided);
    },
  }),
  onMany(serviceChanged, {
    of: inventory,
    keys: ({ service }) => [serviceKey(service.id)],
    decide: (get, { body, now }) => done(onService(get, body.service, body.deleted, now)),
  }),
  onMany(createProduct, {
    of: inventory,
    keys: (body) => [body.id],
    decide: (get, { id, body, now }) => done(create(get, { ...body, commandId: id }, body.write, now)),
  }),
  onMany(replaceProduct, {
    of: inventory,
    keys: (body) => [body.id],
    decide: (get, { id, body, now }) => done(replace(get, { ...body, commandId: id }, body.write, now)),
  }),
  onMany(deleteProduct, {
    of: inventory,
    keys: (body) => [body.id],
    decide: (get, { id, body, now }) => done(remove(get, { ...body, commandId: id }, now)),
  }),
  onMany(emitProducts, {
    of: inventory,
    keys: () => [],
    context: async (tx, bodies) =>
      new Map(
        await Promise.all(
          bodies.map(async (body) => [body, await pageOfProducts(tx, body.after, body.limit)] as const),
        ),
      ),
    decide: (_get, { body }, pages) => {
      const page = pages.get(body) ?? [];
      const last = page.at(-1);
      const more =
        last !== undefined && page.length === body.limit
          ? [send(emitProducts, { after: last.product.id, limit: body.limit })]
          : [];
      return done({ send: [...page.map(changed), ...more] });
    },
  }),
];
