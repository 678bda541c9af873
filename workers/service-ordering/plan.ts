import { send } from '../../contracts/messages/message.ts';
import {
  type ActivatorOutline,
  describeServices,
  planServiceOrder,
  serviceOrderPlanned,
  servicesDescribed,
} from '../../contracts/messages/service-planning.ts';
import { type Aggregate, type Handler, done, onMany } from '../../ops/platform/messaging/handler.ts';
import { knownOfServices, knownToAccept } from './known.ts';
import type { OrderState } from './order.state.ts';
import { type PlannedActivator, claimsOf, inTurn, planOrder } from './plan.decide.ts';

export type Activators = ReadonlyMap<string, PlannedActivator>;

/** What the fleet hands over of each service type: its outline, and what only its declaration can tell. */
export type DeclaredActivator = ActivatorOutline & Pick<PlannedActivator, 'planFor' | 'faultOf'>;

/** Activators as planning sees them, by service type. */
export const activatorsByType = (activators: readonly DeclaredActivator[]): Activators =>
  new Map(
    activators.map(({ planFor, faultOf, ...declared }) => [
      declared.serviceType,
      { planFor, faultOf, outline: declared },
    ]),
  );

/** Plans orders: no order is looked up, none is saved. */
export const planningHandlersOf = (orders: Aggregate<OrderState>, activators: Activators): readonly Handler[] => [
  onMany(planServiceOrder, {
    of: orders,
    keys: () => [],
    context: (tx, bodies) =>
      knownToAccept(
        tx,
        bodies.map((body) => body.order),
      ),
    decide: (_get, { id: commandId, body: { order }, now }, known) => {
      const claims = claimsOf(order, known, now);
      if (claims.length > 0) return done({ send: [send(describeServices, { commandId, order, claims })] });
      const plan = planOrder(order, { accepting: known, launching: known, activators }, undefined, now);
      return done({ send: [send(serviceOrderPlanned, { commandId, id: order.id, plan })] });
    },
  }),
  onMany(servicesDescribed, {
    of: orders,
    keys: () => [],
    context: async (tx, bodies) => {
      const [accepting, launching] = await Promise.all([
        knownToAccept(
          tx,
          bodies.map((body) => body.order),
        ),
        knownOfServices(
          tx,
          bodies.flatMap(({ verdicts, busy }) => [...verdicts, ...busy.map(inTurn)]),
        ),
      ]);
      return { accepting, launching };
    },
    decide: (_get, { body: { commandId, order, ...described }, now }, known) => {
      const plan = planOrder(order, { ...known, activators }, described, now);
      return done({ send: [send(serviceOrderPlanned, { commandId, id: order.id, plan })] });
    },
  }),
];
