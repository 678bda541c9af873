/** What a dry run of a create is answered with: no resource, but what the order would come to. */
import { z } from 'zod';
import { send } from '../../../contracts/messages/message.ts';
import {
  type PlannedDelivery,
  type PlannedProduct,
  type ProductOrderRequest,
  planProductOrder,
  productOrderPlanned,
} from '../../../contracts/messages/order-management.ts';
import { orderItemActions } from '../../../contracts/states/service-order.ts';
import { type JsonObject, named } from '../../../contracts/tmf/common.ts';
import { defined } from '../left-out.ts';

const values = z.record(z.string(), z.json());
const specification = z.object({ id: z.string(), version: z.string().optional(), name: z.string().optional() });
const action = z.enum(orderItemActions).exclude(['noChange']);

const fault = z.object({ itemId: z.string(), code: z.string(), reason: z.string() });

const shownProduct = named(
  'ProductOrderPlanProduct',
  z.object({
    id: z.string().describe('Of a new product: within this plan alone. An order that is placed has its own.'),
    itemId: z.string(),
    unit: z.int().describe('1 for the first of a quantity.'),
    action,
    name: z.string().optional(),
    bundle: z.object({ productId: z.string(), name: z.string() }).optional().describe('The product it is part of.'),
    optional: z.boolean().describe('The order may end without it.'),
    offering: specification.optional(),
    specification,
    rule: z.string().describe('The version of the decomposition rule that made it.'),
    characteristics: values,
    status: z.enum(['active', 'suspended', 'terminated']).describe('How it shall run when all is done.'),
    components: z.array(z.string()).describe('What realizes it when all is done.'),
  }),
);

const shownServiceOrder = named(
  'ProductOrderPlanServiceOrder',
  z.object({
    id: z.string().describe('Within this plan alone.'),
    itemId: z.string(),
    productId: z.string(),
    component: z.string(),
    action,
    operatingStatus: z.enum(['active', 'suspended']).optional(),
    optional: z.boolean().describe('The order may end without it.'),
    serviceId: z.string(),
    serviceType: z.string(),
    specification,
    characteristics: values.describe('What the service shall be; of a delete, what it is.'),
    changes: values.optional().describe('Of a modify: those that differ, as they were; null for what is new.'),
    dependsOn: z
      .array(z.object({ id: z.string(), component: z.string() }))
      .describe('Service orders that must be done before it begins.'),
    standsOn: z.array(z.object({ serviceId: z.string(), component: z.string().optional() })),
    because: z
      .object({ specification, rule: z.string(), component: z.string(), reasons: z.array(z.string()) })
      .describe('The rule that made it, where in the rule, and where each value comes from.'),
  }),
);

export const productOrderPlanSchema = named(
  'ProductOrderPlan',
  z.object({
    '@type': z.literal('ProductOrderPlan'),
    verdict: z
      .enum(['acceptable', 'rejected'])
      .describe('acceptable: it would be taken on, as things stand. rejected: nothing would be begun.'),
    faults: z.array(fault).describe('Why it would be rejected.'),
    products: z.array(shownProduct).describe('Bundles before their parts.'),
    serviceOrders: z.array(shownServiceOrder),
    notPlanned: z
      .array(fault)
      .describe('Items that nothing is said of: they change products that exist. Why, for each.'),
  }),
);
type ShownPlan = z.input<typeof productOrderPlanSchema>;

/** The question; parties and places have no part in the answer and stay here. */
export const toQuestion = (order: ProductOrderRequest) =>
  send(planProductOrder, {
    order: { ...order, parties: [], items: order.items.map((item) => ({ ...item, parties: [], places: [] })) },
  });

/** A plan as it is shown, or why there is none. Faults beside a plan are of items that it leaves out. */
export function toShownPlan({
  plan,
  faults,
}: Pick<z.output<typeof productOrderPlanned.schema>, 'plan' | 'faults'>): JsonObject {
  const { products = [], deliveries = [] } = plan ?? {};
  const said = faults.map(({ itemId, failure: { code, reason } }) => ({ itemId, code, reason }));
  const shown: ShownPlan = {
    '@type': 'ProductOrderPlan',
    verdict: plan === undefined ? 'rejected' : 'acceptable',
    faults: plan === undefined ? said : [],
    products: products.map(showProduct),
    serviceOrders: deliveries.map((delivery) => showServiceOrder(delivery, deliveries)),
    notPlanned: plan === undefined ? [] : said,
  };
  return shown;
}

const showProduct = ({ components, ...product }: PlannedProduct): ShownPlan['products'][number] => ({
  ...product,
  components: components.map(({ name }) => name),
});

function showServiceOrder(
  { previous, dependsOn, standsOn, ...delivery }: PlannedDelivery,
  all: readonly PlannedDelivery[],
): ShownPlan['serviceOrders'][number] {
  const differing = new Set(
    [...Object.keys(previous), ...Object.keys(delivery.characteristics)].filter(
      (name) => JSON.stringify(previous[name]) !== JSON.stringify(delivery.characteristics[name]),
    ),
  );
  const changes = Object.fromEntries([...differing].toSorted().map((name) => [name, previous[name] ?? null]));
  return {
    ...delivery,
    ...(delivery.action === 'modify' ? { changes } : {}),
    dependsOn: dependsOn.flatMap((id) =>
      all.filter((one) => one.id === id).map(({ component }) => ({ id, component })),
    ),
    standsOn: standsOn.map((serviceId) => ({
      serviceId,
      ...defined({ component: all.find((one) => one.serviceId === serviceId)?.component }),
    })),
  };
}
