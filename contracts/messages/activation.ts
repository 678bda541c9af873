import { z } from 'zod';
import { orderItemActions } from '../states/service-order.ts';
import { activatorControlQueue, activatorQueue } from '../topology.ts';
import { command, event } from './message.ts';
import { serviceSpecification } from './service-catalog.ts';
import { supportingService } from './service-inventory.ts';
import { characteristics, failure, itemRef } from './values.ts';

/**
 * Puts one order item on the network. The business key is (order, item, action): sent again under it, nothing is done
 * twice and the outcome is reported again.
 */
export const activateItem = command('activation.activate-item.v1', {
  body: z.object({
    ...itemRef.shape,
    action: z.enum(orderItemActions).exclude(['noChange']),
    serviceId: z.string(),
    serviceType: z.string(),
    claimNumber: z.int().positive(),
    /** What the service shall be. For a delete: what it is. */
    requested: characteristics,
    /** What the service was before, so that a modify can be taken back. Empty for an add. */
    previous: characteristics,
    supporting: z.array(supportingService),
    specification: serviceSpecification,
  }),
  to: (body) => activatorQueue(body.serviceType),
});
export type ActivateItem = z.output<typeof activateItem.schema>;

/** The next step of an activation. Each step is its own message; `position` and `generation` say which one is meant. */
export const runStep = command('activation.run-step.v1', {
  body: z.object({
    activationId: z.uuid(),
    serviceType: z.string(),
    position: z.int().nonnegative(),
    generation: z.int().positive(),
    step: z.string(),
    direction: z.enum(['apply', 'undo']),
  }),
  to: (body) => activatorQueue(body.serviceType),
});
export type RunStep = z.output<typeof runStep.schema>;

/** Ends what a stalled step holds, by an operator's word. */
export const settleStep = command('activation.settle-step.v1', {
  body: z.object({
    activationId: z.uuid(),
    serviceType: z.string(),
    position: z.int().nonnegative(),
    verb: z.enum(['retry', 'skip', 'fail']),
  }),
  to: (body) => activatorControlQueue(body.serviceType),
});

/** Retries ran out or a platform's answer makes no sense: a person is needed, the item is held. */
export const itemStalled = event('activation.item-stalled.v1', {
  body: z.object({
    ...itemRef.shape,
    activationId: z.uuid(),
    serviceType: z.string(),
    step: z.string(),
    stalled: z.boolean(),
    failure: failure.optional(),
  }),
});
