/** What a product order would come to, as far as the command line looks into it: the gateway's OpenAPI, `ProductOrderPlan`. */
export interface ShownProductPlan {
  readonly verdict: string;
  readonly faults: readonly PlanFault[];
  readonly products: readonly PlanProduct[];
  readonly serviceOrders: readonly PlanServiceOrder[];
  readonly notPlanned: readonly PlanFault[];
}

interface PlanFault {
  readonly itemId: string;
  readonly code: string;
  readonly reason: string;
}

interface Specification {
  readonly id: string;
  readonly version?: string;
}

interface PlanProduct {
  readonly id: string;
  readonly itemId: string;
  readonly unit: number;
  readonly action: string;
  readonly bundle?: { readonly name: string };
  readonly optional: boolean;
  readonly specification: Specification;
  readonly rule: string;
  readonly characteristics: Readonly<Record<string, unknown>>;
  readonly status: string;
}

interface PlanServiceOrder {
  readonly id: string;
  readonly productId: string;
  readonly component: string;
  readonly action: string;
  readonly operatingStatus?: string;
  readonly optional: boolean;
  readonly serviceType: string;
  readonly specification: Specification;
  readonly changes?: Readonly<Record<string, unknown>>;
  readonly dependsOn: readonly { readonly id: string }[];
  readonly standsOn: readonly { readonly serviceId: string; readonly component?: string }[];
  readonly because: {
    readonly specification: Specification;
    readonly rule: string;
    readonly reasons: readonly string[];
  };
}

/** A plan in lines for people: each product, its service orders in the order they are done, and below each why. */
export function productPlanLines({ verdict, faults, products, serviceOrders, notPlanned }: ShownProductPlan): string[] {
  const numbers = new Map(serviceOrders.map(({ id }, at) => [id, at + 1]));
  const what = [counted(products.length, 'product'), counted(serviceOrders.length, 'service order')].join(', ');
  return [
    verdict === 'rejected' ? verdict : `${verdict}: ${what}`,
    ...faults.map(faultLine),
    ...products.flatMap((product) => [
      ...productPlan(product),
      ...serviceOrders.filter(({ productId }) => productId === product.id).flatMap((one) => orderPlan(one, numbers)),
    ]),
    ...(notPlanned.length === 0 ? [] : ['not planned', ...notPlanned.map(faultLine)]),
  ];
}

const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`;
const faultLine = ({ itemId, code, reason }: PlanFault): string => `  item ${itemId}  ${code}: ${reason}`;
const named = ({ id, version = '' }: Specification): string => `${id} ${version}`.trimEnd();
const about = (name: string, parts: readonly string[]): string[] =>
  parts.length === 0 ? [] : [`      ${name.padEnd(10)} ${parts.join(', ')}`];
const settings = (values: Readonly<Record<string, unknown>>): string[] =>
  Object.entries(values).map(([name, value]) => `${name}=${JSON.stringify(value)}`);

function productPlan(product: PlanProduct): string[] {
  const { itemId, unit, action, bundle, optional, specification, rule, characteristics, status } = product;
  const which = bundle === undefined ? `item ${itemId} #${unit}` : `  part ${bundle.name} #${unit}`;
  const notes = [
    action,
    named(specification),
    rule === '' ? '' : `rule ${rule}`,
    `becomes ${status}`,
    optional ? 'optional' : '',
  ];
  return [
    `${which.padEnd(20)} ${notes.filter((note) => note !== '').join('  ')}`,
    ...(action === 'delete' ? [] : about('with', settings(characteristics))),
  ];
}

function orderPlan(one: PlanServiceOrder, numbers: ReadonlyMap<string, number>): string[] {
  const { id, action, component, serviceType, specification, operatingStatus, optional, dependsOn, standsOn } = one;
  const notes = [`${serviceType} (${named(specification)})`, operatingStatus ?? '', optional ? 'optional' : ''];
  return [
    `  ${String(numbers.get(id) ?? '').padStart(2)} ${action.padEnd(6)} ${component}  ${notes.filter((note) => note !== '').join('  ')}`,
    ...about(
      'after',
      dependsOn.map((before) => String(numbers.get(before.id) ?? before.id)),
    ),
    ...about(
      'stands on',
      standsOn.map((below) => below.component ?? below.serviceId),
    ),
    ...about('was', settings(one.changes ?? {})),
    ...about('by', [`${named(one.because.specification)}, rule ${one.because.rule}`]),
    ...one.because.reasons.map((reason) => `        ${reason}`),
  ];
}
