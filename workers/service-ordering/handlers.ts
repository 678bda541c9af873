import { itemAssessed, itemStatus, milestoneReached } from '../../contracts/messages/activation.ts';
import { messageGivenUp } from '../../contracts/messages/given-up.ts';
import { send } from '../../contracts/messages/message.ts';
import { serviceSpecificationPublished } from '../../contracts/messages/service-catalog.ts';
import { changeSettled, claimsReleased, servicesClaimed } from '../../contracts/messages/service-inventory.ts';
import {
  acceptServiceOrder,
  amendServiceOrder,
  cancelServiceOrder,
  deleteServiceOrder,
  emitServiceOrders,
  retryItem as retryItemCommand,
} from '../../contracts/messages/service-ordering.ts';
import { type Aggregate, type Handler, done, on, onMany } from '../../ops/platform/messaging/handler.ts';
import { amend, remove } from './amend.decide.ts';
import { requestCancellation } from './cancel.decide.ts';
import { cancellationEvents, changed } from './finish.decide.ts';
import { knownOfServices, knownToAccept } from './known.ts';
import { accept, onAssessed, onClaimed, onMilestone, onSettled, onStatus } from './service-order.decide.ts';
import type { OrderState } from './order.state.ts';
import { onGivenUp, retryItem } from './given-up.decide.ts';
import { type Activators, planningHandlersOf } from './plan.ts';
import { pageOfServiceOrders } from './service-order.store.ts';
import { serviceSpecifications, specificationKey } from './specification.store.ts';

/** Everything service ordering listens to, on these orders. */
export const handlersOf = (orders: Aggregate<OrderState>, activators: Activators): readonly Handler[] => [
  ...planningHandlersOf(orders, activators),
  on(acceptServiceOrder, {
    of: orders,
    key: (body) => body.order.id,
    context: (tx, bodies) =>
      knownToAccept(
        tx,
        bodies.map((body) => body.order),
      ),
    decide: (state, { body, now }, context) => done(accept(state, body.order, context, now)),
  }),
  on(servicesClaimed, {
    of: orders,
    key: (body) => body.orderId,
    context: (tx, bodies) =>
      knownOfServices(
        tx,
        bodies.flatMap((body) => body.verdicts),
      ),
    decide: (state, { body, now }, context) => done(onClaimed(state, body.verdicts, context, now)),
  }),
  on(claimsReleased, {
    of: orders,
    key: (body) => body.orderId,
    // Told by the release before, which said a release until it was answered.
    decide: () => done(),
  }),
  on(messageGivenUp, {
    of: orders,
    key: (body) => body.subject,
    decide: (state, { body, now }) => done(onGivenUp(state, body, now)),
  }),
  on(changeSettled, {
    of: orders,
    key: (body) => body.orderId,
    decide: (state, { body, now }) => done(onSettled(state, body, now)),
  }),
  on(itemStatus, {
    of: orders,
    key: (body) => body.orderId,
    decide: (state, { body, now }) => done(onStatus(state, body, now)),
  }),
  on(milestoneReached, {
    of: orders,
    key: (body) => body.orderId,
    decide: (state, { body, now }) => done(onMilestone(state, body, now)),
  }),
  on(itemAssessed, {
    of: orders,
    key: (body) => body.orderId,
    decide: (state, { body, now }) => done(onAssessed(state, body, now)),
  }),
  on(cancelServiceOrder, {
    of: orders,
    key: (body) => body.orderId,
    decide: (state, { id, body, now }) => done(requestCancellation(state, body, id, now)),
  }),
  on(retryItemCommand, {
    of: orders,
    key: (body) => body.orderId,
    decide: (state, { body, now }) => done(retryItem(state, body.itemId, now)),
  }),
  on(amendServiceOrder, {
    of: orders,
    key: (body) => body.id,
    decide: (state, { id, body, now }) => done(amend(state, { ...body, commandId: id }, body.amendment, now)),
  }),
  on(deleteServiceOrder, {
    of: orders,
    key: (body) => body.id,
    decide: (state, { id, body, now }) => done(remove(state, { ...body, commandId: id }, now)),
  }),
  onMany(emitServiceOrders, {
    of: orders,
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
      return done({ send: [...page.flatMap((state) => [changed(state), ...cancellationEvents(state)]), ...more] });
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
