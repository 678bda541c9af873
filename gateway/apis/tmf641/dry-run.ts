/** What a dry run of a create is answered with: no resource, but what the order would come to. */
import { z } from 'zod';
import { stepDirections } from '../../../contracts/messages/activation.ts';
import { send } from '../../../contracts/messages/message.ts';
import {
  type PlannedItem,
  type ServiceOrderPlan,
  planServiceOrder,
  planVerdicts,
  specificationRules,
} from '../../../contracts/messages/service-planning.ts';
import type { ServiceOrderRequest } from '../../../contracts/messages/service-ordering.ts';
import { orderItemActions, serviceOrderStates } from '../../../contracts/states/service-order.ts';
import { type JsonObject, instant, named } from '../../../contracts/tmf/common.ts';

const failure = z.object({ code: z.string(), reason: z.string() });
const values = z.record(z.string(), z.json());

const shownStep = named(
  'ServiceOrderPlanStep',
  z.object({
    name: z.string(),
    direction: z.enum(stepDirections),
    platform: z.string(),
    values: values.describe('The characteristics it works from. Empty for what is not applied.'),
    optional: z.boolean().describe('The service can do without it.'),
    pointOfNoReturn: z.boolean().describe('Once it has been called, the item can no longer be cancelled.'),
    milestone: z.string().optional().describe('Said in the order when it has landed.'),
    external: z
      .object({ deadlineSeconds: z.number(), pollSeconds: z.number() })
      .optional()
      .describe('It waits for an outside system: how long at most, and how often that is asked beside its callback.'),
  }),
);

const shownItem = named(
  'ServiceOrderPlanItem',
  z.object({
    itemId: z.string(),
    action: z.enum(orderItemActions),
    operation: z.enum(['suspend', 'resume']).optional(),
    state: z.enum(serviceOrderStates).describe('The state it would have once its order has begun.'),
    failure: failure.optional().describe('Why it could not be done, in the words of the order it would be.'),
    serviceId: z
      .string()
      .optional()
      .describe('Absent for a new service whose id is chosen when the order is accepted.'),
    serviceType: z.string().optional(),
    specification: z
      .object({
        id: z.string(),
        version: z.string(),
        name: z.string(),
        rule: z.enum(specificationRules),
        why: z.string(),
      })
      .optional(),
    characteristics: values.describe('What the service shall be, defaults filled in; of a delete, what it is.'),
    defaults: z.array(z.string()).describe('Those of them that come from the specification.'),
    waitsFor: z.object({
      items: z.array(z.string()),
      orders: z
        .array(z.object({ orderId: z.string(), itemId: z.string() }))
        .describe('Orders ahead of this one that change the same service, the one that holds it first.'),
    }),
    standsOn: z.array(
      z.object({ itemId: z.string().optional(), serviceId: z.string().optional(), serviceType: z.string().optional() }),
    ),
    activator: z.string().optional(),
    steps: z.array(shownStep).describe('In the order in which they are done.'),
    leftOut: z.array(z.string()).describe('Steps of the activator that this change does not need.'),
    partial: z
      .enum(['keep', 'compensate'])
      .optional()
      .describe(
        'When a platform refuses an optional step: the service is kept without it, or everything is taken back.',
      ),
    expectedSeconds: z.number().optional().describe('By what such items took lately.'),
  }),
);

export const serviceOrderPlanSchema = named(
  'ServiceOrderPlan',
  z.object({
    '@type': z.literal('ServiceOrderPlan'),
    verdict: z
      .enum(planVerdicts)
      .describe(
        'acceptable: every item can be done as things stand. faulty: the order would be accepted, and some of its items could not be done. rejected: nothing would be begun.',
      ),
    failure: failure.optional(),
    state: z.enum(serviceOrderStates).describe('The state the order would start in.'),
    startsAt: instant.optional(),
    expectedAt: instant.optional(),
    warnings: z.array(z.string()),
    items: z.array(shownItem).describe('Each after those it waits for.'),
  }),
);
type ShownPlan = z.input<typeof serviceOrderPlanSchema>;
type ShownItem = z.input<typeof shownItem>;

/** The question; parties and places have no part in the answer and stay here. */
export const toQuestion = (order: ServiceOrderRequest) =>
  send(planServiceOrder, {
    order: { ...order, parties: [], items: order.items.map((item) => ({ ...item, parties: [], places: [] })) },
  });

/** A plan as it is shown. */
export function toShownPlan({ items, activators, ...plan }: ServiceOrderPlan): JsonObject {
  const types = new Map(items.map((item) => [item.itemId, item]));
  const shown: ShownPlan = {
    '@type': 'ServiceOrderPlan',
    ...plan,
    items: items.map((item) => showItem(item, types, activators)),
  };
  return shown;
}

const whys: Record<(typeof specificationRules)[number], string> = {
  named: 'The order names this version.',
  newestActive: 'The order names no version: it is the newest active one.',
  ofTheService: 'It is the one the service was made by.',
};

function showItem(
  { supporting, expectedMs, specification, ...item }: PlannedItem,
  items: ReadonlyMap<string, PlannedItem>,
  activators: ServiceOrderPlan['activators'],
): ShownItem {
  const activator = activators.find((one) => one.serviceType === item.serviceType);
  const within = item.waitsFor.items.flatMap((itemId) => {
    const { serviceId, serviceType, action } = items.get(itemId) ?? {};
    const ofService = {
      ...(serviceId === undefined ? {} : { serviceId }),
      ...(serviceType === undefined ? {} : { serviceType }),
    };
    return action === undefined || action === 'noChange' ? [] : [{ itemId, ...ofService }];
  });
  const steps = item.steps.map((step, at) => showStep(step, at, item, activator));
  return {
    ...item,
    ...(specification === undefined ? {} : { specification: { ...specification, why: whys[specification.rule] } }),
    standsOn: [...within, ...supporting],
    ...(activator === undefined ? {} : { activator: activator.serviceType }),
    steps,
    ...(activator !== undefined && steps.some(({ optional }) => optional) ? { partial: activator.partial } : {}),
    ...(expectedMs === undefined ? {} : { expectedSeconds: Math.round(expectedMs) / 1_000 }),
  };
}

function showStep(
  { step, direction, platform }: PlannedItem['steps'][number],
  at: number,
  { action, characteristics }: Pick<PlannedItem, 'action' | 'characteristics'>,
  activator: ServiceOrderPlan['activators'][number] | undefined,
): ShownItem['steps'][number] {
  const declared = activator?.steps.find(({ name }) => name === step);
  const applies = direction === 'apply';
  const used = (declared?.uses ?? Object.keys(characteristics)).filter((name) => name in characteristics);
  const { milestone, external } = declared ?? {};
  return {
    name: step,
    direction,
    platform,
    values: applies ? Object.fromEntries(used.map((name) => [name, characteristics[name] ?? null])) : {},
    optional: applies && declared?.optional === true,
    // Taking a service off the network cannot be called off once it has begun.
    pointOfNoReturn: action === 'delete' ? at === 0 : applies && step === activator?.pointOfNoReturn,
    ...(milestone === undefined || !applies ? {} : { milestone }),
    ...(external === undefined || !applies
      ? {}
      : { external: { deadlineSeconds: external.deadlineMs / 1_000, pollSeconds: external.pollMs / 1_000 } }),
  };
}
