import { send } from '../../../contracts/messages/message.ts';
import { planProductOrder, productOrderPlanned } from '../../../contracts/messages/order-management.ts';
import { type Aggregate, type Handler, done, onMany } from '../../../ops/platform/messaging/handler.ts';
import type { OrderState, Tools } from '../order.state.ts';
import { dryRun } from './plan.decide.ts';
import { findRules } from './rule.store.ts';

/** Plans orders: none is looked up, none is saved. */
export const planningHandlerOf = (orders: Aggregate<OrderState>, tools: Tools): Handler =>
  onMany(planProductOrder, {
    of: orders,
    keys: () => [],
    context: (tx, bodies) => {
      const items = bodies.flatMap((body) => body.order.items);
      return findRules(tx, [...new Set(items.flatMap(({ specification }) => specification?.id ?? []))]);
    },
    decide: (_get, { id: commandId, body: { order } }, rules) =>
      done({ send: [send(productOrderPlanned, { commandId, orderId: order.id, ...dryRun(order, rules, tools) })] }),
  });
