import type { Failure } from '../../../contracts/messages/values.ts';

/** What an order would come to, as far as the command line looks into it: see the gateway's OpenAPI, `ServiceOrderPlan`. */
export interface ShownPlan {
  readonly verdict: string;
  readonly state: string;
  readonly failure?: Failure;
  readonly startsAt?: string;
  readonly expectedAt?: string;
  readonly warnings: readonly string[];
  readonly items: readonly PlanItem[];
}

interface PlanItem {
  readonly itemId: string;
  readonly action: string;
  readonly operation?: string;
  readonly state: string;
  readonly failure?: Failure;
  readonly serviceId?: string;
  readonly serviceType?: string;
  readonly specification?: { readonly id: string; readonly version: string; readonly why: string };
  readonly characteristics: Readonly<Record<string, unknown>>;
  readonly defaults: readonly string[];
  readonly waitsFor: {
    readonly items: readonly string[];
    readonly orders: readonly { readonly orderId: string; readonly itemId: string }[];
  };
  readonly standsOn: readonly {
    readonly itemId?: string;
    readonly serviceId?: string;
    readonly serviceType?: string;
  }[];
  readonly steps: readonly PlanStep[];
  readonly leftOut: readonly string[];
  readonly partial?: string;
  readonly expectedSeconds?: number;
}

interface PlanStep {
  readonly name: string;
  readonly direction: string;
  readonly platform: string;
  readonly values: Readonly<Record<string, unknown>>;
  readonly optional: boolean;
  readonly pointOfNoReturn: boolean;
  readonly external?: { readonly deadlineSeconds: number; readonly pollSeconds: number };
}

/** A plan in lines for people: the order, each item, and below it what it rests on and what is done. */
export function planLines({ verdict, state, failure, startsAt, expectedAt, warnings, items }: ShownPlan): string[] {
  const begins = startsAt === undefined ? `would be ${state}` : `would be ${state} until ${startsAt}`;
  const rejected = verdict === 'rejected';
  return [
    `${verdict}${rejected ? '' : `: ${begins}`}${expectedAt === undefined ? '' : `, and done at ${expectedAt}`}`,
    ...(failure === undefined ? [] : [`  ${failure.code}: ${failure.reason}`]),
    ...warnings.map((warning) => `  ${warning}`),
    ...items.flatMap((item) => (rejected && item.failure === undefined ? [] : itemLines(item))),
  ];
}

function itemLines(item: PlanItem): string[] {
  const { itemId, action, operation, serviceType, serviceId, state, failure, specification, leftOut, steps } = item;
  const what = [operation ?? action, serviceType, serviceId].filter((part) => part !== undefined).join('  ');
  const values = Object.entries(item.characteristics).map(([name, value]) => {
    const given = `${name}=${JSON.stringify(value)}`;
    return item.defaults.includes(name) ? `${given} (default)` : given;
  });
  const waits = [
    ...item.waitsFor.items.map((id) => `item ${id}`),
    ...item.waitsFor.orders.map((one) => `item ${one.itemId} of order ${one.orderId}`),
  ];
  const below = item.standsOn.map((one) =>
    [one.itemId === undefined ? undefined : `item ${one.itemId}`, one.serviceType, one.serviceId]
      .filter((part) => part !== undefined)
      .join(' '),
  );
  const about = (name: string, parts: readonly string[]): string[] =>
    parts.length === 0 ? [] : [`  ${name.padEnd(10)} ${parts.join(', ')}`];
  return [
    `item ${itemId.padEnd(15)} ${state.padEnd(12)} ${what}`.trimEnd(),
    ...(failure === undefined ? [] : [`  ${failure.code}: ${failure.reason}`]),
    ...about(
      'by',
      specification === undefined ? [] : [`${specification.id} ${specification.version}`, specification.why],
    ),
    ...about('with', values),
    ...about('waits for', waits),
    ...about('stands on', below),
    ...steps.flatMap((step, at) => stepLines(step, at, item.partial)),
    ...about('left out', leftOut),
    ...about('takes', item.expectedSeconds === undefined ? [] : [`about ${item.expectedSeconds} s`]),
  ];
}

function stepLines(
  { name, direction, platform, values, optional, pointOfNoReturn, external }: PlanStep,
  at: number,
  partial: string | undefined,
): string[] {
  const used = Object.keys(values);
  const notes = [
    used.length === 0 ? '' : `uses ${used.join(', ')}`,
    optional ? (partial === 'keep' ? 'optional, left out if refused' : 'optional') : '',
    external === undefined ? '' : `waits for ${platform} at most ${lasting(external.deadlineSeconds)}`,
    pointOfNoReturn ? 'no way back from here' : '',
  ].filter((note) => note !== '');
  return [
    `  ${String(at + 1).padStart(2)} ${direction.padEnd(7)} ${name} on ${platform}  ${notes.join('; ')}`.trimEnd(),
  ];
}

const units = [
  ['days', 86_400],
  ['hours', 3_600],
  ['minutes', 60],
] as const;

/** In the largest unit of which there are several: `30 days`, `90 s`. */
function lasting(seconds: number): string {
  const [unit, size] = units.find(([, each]) => seconds >= 2 * each && seconds % each === 0) ?? ['s', 1];
  return `${seconds / size} ${unit}`;
}
