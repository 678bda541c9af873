import { itemStalled } from '../../contracts/messages/activation.ts';
import { send } from '../../contracts/messages/message.ts';
import { serviceSpecificationPublished } from '../../contracts/messages/service-catalog.ts';
import { changeSettled, servicesClaimed } from '../../contracts/messages/service-inventory.ts';
import {
  acceptServiceOrder,
  amendServiceOrder,
  deleteServiceOrder,
  emitServiceOrders,
} from '../../contracts/messages/service-ordering.ts';
import { type Handler, done, on, onMany } from '../runtime/handler.ts';
import { amend, remove } from './amend.decide.ts';
import { accept, changed, onClaimed, onSettled, onStalled } from './service-order.decide.ts';
import { pageOfServiceOrders, serviceOrders } from './service-order.store.ts';
import { findSpecifications, serviceSpecifications, specificationKey } from './specification.store.ts';

/** Everything service ordering listens to. */
export const handlers: readonly Handler[] = [
  on(acceptServiceOrder, {
    of: serviceOrders,
    key: (body) => body.order.id,
    context: (tx, bodies) => {
      const items = bodies.flatMap((body) => body.order.items);
      return findSpecifications(tx, {
        ids: items.flatMap((item) => item.specification?.id ?? []),
        serviceTypes: items.flatMap((item) => (item.specification === undefined ? (item.serviceType ?? []) : [])),
      });
    },
    decide: (state, { body, now }, specifications) => done(accept(state, body.order, specifications, now)),
  }),
  on(servicesClaimed, {
    of: serviceOrders,
    key: (body) => body.orderId,
    context: (tx, bodies) => {
      const services = bodies
        .flatMap((body) => body.verdicts)
        .flatMap((verdict) => (verdict.verdict === 'claimed' ? [verdict.service] : []));
      return findSpecifications(tx, {
        ids: services.flatMap((service) => service.specification?.id ?? []),
        serviceTypes: services.flatMap((service) => service.serviceType ?? []),
      });
    },
    decide: (state, { body, now }, specifications) => done(onClaimed(state, body.verdicts, specifications, now)),
  }),
  on(changeSettled, {
    of: serviceOrders,
    key: (body) => body.orderId,
    decide: (state, { body, now }) => done(onSettled(state, body, now)),
  }),
  on(itemStalled, {
    of: serviceOrders,
    key: (body) => body.orderId,
    decide: (state, { body, now }) => done(onStalled(state, body, now)),
  }),
  on(amendServiceOrder, {
    of: serviceOrders,
    key: (body) => body.id,
    decide: (state, { id, body, now }) => done(amend(state, { ...body, commandId: id }, body.amendment, now)),
  }),
  on(deleteServiceOrder, {
    of: serviceOrders,
    key: (body) => body.id,
    decide: (state, { id, body, now }) => done(remove(state, { ...body, commandId: id }, now)),
  }),
  onMany(emitServiceOrders, {
    of: serviceOrders,
    keys: () => [],
    context: async (tx, bodies) =>
      new Map(
        await Promise.all(
          bodies.map(async (body) => [body, await pageOfServiceOrders(tx, body.after, body.limit)] as const),
        ),
      ),
    decide: (_get, { body }, pages) => {
      const page = pages.get(body) ?? [];
      const last = page.at(-1);
      const more =
        last !== undefined && page.length === body.limit
          ? [send(emitServiceOrders, { after: last.order.id, limit: body.limit })]
          : [];
      return done({ send: [...page.map(changed), ...more] });
    },
  }),
  on(serviceSpecificationPublished, {
    of: serviceSpecifications,
    key: (body) => specificationKey(body.specification),
    decide: (known, { body }) =>
      known !== undefined && known.revision >= body.specification.revision
        ? done()
        : done({ save: [body.specification] }),
  }),
];
