import { publishRecoveryPolicy, publishRule } from '../../contracts/messages/decomposition.ts';
import { messageGivenUp } from '../../contracts/messages/given-up.ts';
import {
  acceptProductOrder,
  amendProductOrder,
  cancelProductOrder,
  correctService,
  deleteProductOrder,
  emitProductOrders,
  followUpAccepted,
  settleDelivery,
} from '../../contracts/messages/order-management.ts';
import { type MessageDefinition, send } from '../../contracts/messages/message.ts';
import { outsideOrderChanged } from '../../contracts/messages/outside-ordering.ts';
import { productsClaimed, productsRecorded } from '../../contracts/messages/product-inventory.ts';
import { cancellationChanged, serviceOrderChanged } from '../../contracts/messages/service-ordering.ts';
import type { z } from 'zod';
import type { Transaction } from '../../ops/platform/database.ts';
import { type Aggregate, type Handler, type Received, done, on, onMany } from '../../ops/platform/messaging/handler.ts';
import { amend, remove } from './amend/amend.decide.ts';
import { requestCancellation } from './cancel/cancel.decide.ts';
import { correct } from './recover/correction.decide.ts';
import { corrections } from './recover/correction.store.ts';
import { onCancellation, onOutsideRefusal, onStanding } from './deliver/facts.decide.ts';
import { whatHolds } from './deliver/standing.decide.ts';
import { cancellationEvents, changed } from './deliver/finish.decide.ts';
import { onFollowUpAccepted } from './amend/follow-up.decide.ts';
import { onGivenUp, orderBehind } from './deliver/given-up.decide.ts';
import { askedFor } from './deliver/launch.decide.ts';
import type { Effects, OrderState, Tools, Turn } from './order.state.ts';
import { planningHandlerOf } from './receive/plan.ts';
import { pageOfProductOrders } from './product-order.store.ts';
import { publish } from './receive/publish.decide.ts';
import { accept, onProductsClaimed, onProductsRecorded } from './receive/receive.decide.ts';
import { settle } from './deliver/settle.decide.ts';
import {
  decompositionRules,
  findRules,
  findRulesOfOrders,
  newestPolicies,
  policyKey,
  recoveryPolicies,
  ruleKey,
} from './receive/rule.store.ts';

/** What a decision about a message is told beside it. */
export const turnOf = (
  tools: Tools,
  { name }: Pick<MessageDefinition<unknown>, 'name'>,
  { id, now }: Received<unknown>,
): Turn => ({
  tools,
  now,
  cause: `${name} ${id}`,
});

/** Everything order management listens to, on these orders. */
export const handlersOf = (orders: Aggregate<OrderState>, tools: Tools): readonly Handler[] => [
  on(acceptProductOrder, {
    of: orders,
    key: (body) => body.order.id,
    context: async (tx, bodies) => {
      const items = bodies.flatMap((body) => body.order.items);
      const [rules, policies] = await Promise.all([
        findRules(tx, [...new Set(items.flatMap(({ specification }) => specification?.id ?? []))]),
        newestPolicies(tx),
      ]);
      return { rules, policies };
    },
    decide: (state, received, catalog) =>
      done(accept(state, received.body.order, catalog, turnOf(tools, acceptProductOrder, received))),
  }),
  on(followUpAccepted, {
    of: orders,
    key: (body) => body.orderId,
    decide: (state, { body }) => done(onFollowUpAccepted(state, body.followUpId)),
  }),
  on(productsClaimed, {
    of: orders,
    key: (body) => body.orderId,
    context: (tx, bodies) => rulesToPlanBy(tx, bodies),
    decide: (state, received, rules) =>
      done(onProductsClaimed(state, received.body, rules, turnOf(tools, productsClaimed, received))),
  }),
  on(productsRecorded, {
    of: orders,
    key: (body) => body.orderId,
    decide: (state, received) =>
      done(onProductsRecorded(state, received.body.number, turnOf(tools, productsRecorded, received))),
  }),
  onMany(serviceOrderChanged, {
    of: orders,
    keys: ({ order }) => (order.request.requestedBy === undefined ? [] : [order.request.requestedBy.orderId]),
    decide: (get, received) => {
      const { id, revision, state, request } = received.body.order;
      const failure = received.body.order.failure ?? whatHolds(received.body.order);
      const { requestedBy } = request;
      if (requestedBy === undefined) return done();
      const { orderId, deliveryId } = requestedBy;
      const standing = { deliveryId, serviceOrderId: id, revision, state, failure };
      return done(onStanding(get(orderId), standing, turnOf(tools, serviceOrderChanged, received)));
    },
  }),
  onMany(cancellationChanged, {
    of: orders,
    keys: ({ cancellation: { id } }) => orderAskedFor(id),
    decide: (get, received) => {
      const { id, state, failure } = received.body.cancellation;
      const [orderId] = orderAskedFor(id);
      if (orderId === undefined || state !== 'terminatedWithError') return done();
      const refused = failure ?? { code: 'notCancellable', reason: 'It could not be cancelled.' };
      return done(onCancellation(get(orderId), { id, failure: refused }, turnOf(tools, cancellationChanged, received)));
    },
  }),
  onMany(outsideOrderChanged, {
    of: orders,
    keys: ({ requestedBy }) => (requestedBy === undefined ? [] : [requestedBy.orderId]),
    decide: (get, received) => {
      const { id, orderRevision: revision, requestedBy, state, failure, cancellationRefused } = received.body;
      if (requestedBy === undefined) return done();
      const { orderId, deliveryId } = requestedBy;
      const turn = turnOf(tools, outsideOrderChanged, received);
      const known = get(orderId);
      const standing = { deliveryId, serviceOrderId: id, revision, state, failure };
      return done(
        inTurn(known, [
          (order) => onStanding(order, standing, turn),
          (order) =>
            cancellationRefused === undefined || order === undefined
              ? {}
              : onOutsideRefusal(order, standing, cancellationRefused, turn),
        ]),
      );
    },
  }),
  on(messageGivenUp, {
    of: orders,
    key: orderBehind,
    decide: (state, received) => done(onGivenUp(state, received.body, turnOf(tools, messageGivenUp, received))),
  }),
  on(cancelProductOrder, {
    of: orders,
    key: (body) => body.orderId,
    decide: (state, received) =>
      done(requestCancellation(state, received.body, received.id, turnOf(tools, cancelProductOrder, received))),
  }),
  on(amendProductOrder, {
    of: orders,
    key: (body) => body.id,
    context: (tx, bodies) => rulesToAmendBy(tx, bodies),
    decide: (state, received, rules) => {
      const { id: commandId, body } = received;
      return done(
        amend(state, { ...body, commandId }, body.amendment, rules, turnOf(tools, amendProductOrder, received)),
      );
    },
  }),
  on(deleteProductOrder, {
    of: orders,
    key: (body) => body.id,
    decide: (state, { id, body, now }) => done(remove(state, { ...body, commandId: id }, now)),
  }),
  on(settleDelivery, {
    of: orders,
    key: (body) => body.orderId,
    decide: (state, received) =>
      done(settle(state, received.body, received.id, turnOf(tools, settleDelivery, received))),
  }),
  planningHandlerOf(orders, tools),
  on(correctService, {
    of: corrections,
    key: (body) => body.component.serviceId,
    context: (tx) => newestPolicies(tx),
    decide: (known, { body, now }, policies) => done(correct(known, body, policies, now, tools)),
  }),
  onMany(emitProductOrders, {
    of: orders,
    keys: () => [],
    context: async (tx, bodies) =>
      new Map(
        await Promise.all(
          bodies.map(async (body) => [body, await pageOfProductOrders(tx, body.after, body.limit)] as const),
        ),
      ),
    decide: (_get, { body }, pages) => {
      const page = pages.get(body) ?? [];
      const last = page.at(-1);
      const more =
        last !== undefined && page.length === body.limit
          ? [send(emitProductOrders, { after: last.order.id, limit: body.limit })]
          : [];
      return done({ send: [...page.flatMap((state) => [changed(state), ...cancellationEvents(state)]), ...more] });
    },
  }),
  on(publishRule, {
    of: decompositionRules,
    key: (body) => ruleKey(body.rule),
    decide: (known, { body: { rule } }) => done(publish(known, rule)),
  }),
  on(publishRecoveryPolicy, {
    of: recoveryPolicies,
    key: (body) => policyKey(body.policy),
    decide: (known, { body }) => (known === undefined ? done({ save: [body.policy] }) : done()),
  }),
];

const orderAskedFor = (cancellationId: string): string[] => {
  const about = askedFor(cancellationId);
  return about === undefined ? [] : [about.orderId];
};

/** Rules for orders whose products are known now; those that only add have their plan already. */
function rulesToPlanBy(tx: Transaction, bodies: readonly z.output<typeof productsClaimed.schema>[]) {
  const granted = bodies.flatMap((body) => (body.verdict === 'claimed' && body.products.length > 0 ? [body] : []));
  const specifications = granted.flatMap(({ products }) => products.flatMap((one) => one.specification?.id ?? []));
  return findRulesOfOrders(
    tx,
    granted.map(({ orderId }) => orderId),
    [...new Set(specifications)],
  );
}

/** Rules for items that are put in the place of others. */
function rulesToAmendBy(tx: Transaction, bodies: readonly z.output<typeof amendProductOrder.schema>[]) {
  const replacing = bodies.filter(({ amendment }) => (amendment.items ?? []).length > 0);
  const specifications = replacing.flatMap(({ amendment }) =>
    (amendment.items ?? []).flatMap(({ specification }) => specification?.id ?? []),
  );
  return findRulesOfOrders(
    tx,
    replacing.map(({ id }) => id),
    [...new Set(specifications)],
  );
}

/** Several decisions about one message, each on what the one before left. */
function inTurn(
  state: OrderState | undefined,
  decisions: readonly ((state: OrderState | undefined) => Effects)[],
): Effects {
  return decisions.reduce<Effects>((before, decide) => {
    const effects = decide(before.save?.at(-1) ?? state);
    return { save: [...(effects.save ?? before.save ?? [])], send: [...(before.send ?? []), ...(effects.send ?? [])] };
  }, {});
}
