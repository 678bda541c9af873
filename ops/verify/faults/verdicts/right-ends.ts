import type { ExpectedOnNetwork } from '../book.ts';
import type { OrderView, ServiceView } from '../tmf-views.ts';
import type { Verdict } from './verdict.ts';

/** An order that was answered 201, with how it must have ended. */
interface Concluded {
  readonly id: string;
  readonly plan: {
    readonly key: string;
    readonly kind: string;
    readonly end: string;
    readonly items: readonly { readonly id: string; readonly state: string }[];
  };
}
type Ended = Pick<OrderView, 'state' | 'errorMessage'> & {
  readonly items: readonly Pick<OrderView['items'][number], 'id' | 'state' | 'errorMessage'>[];
};

/** Every order that was answered 201, its items too, ended as it had to. */
export function ordersEndedRight(
  accepted: readonly Concluded[],
  views: ReadonlyMap<string, Ended>,
  repeated: readonly string[],
  what = 'order',
): Verdict {
  const findings = [...repeated];
  for (const { id, plan } of accepted) {
    const view = views.get(id);
    if (view === undefined) {
      findings.push(`order ${plan.key} (${id}) was answered 201 and is gone`);
      continue;
    }
    if (view.state !== plan.end)
      findings.push(`order ${plan.key} (${plan.kind}, ${id}) is ${view.state}, not ${plan.end}${why(view)}`);
    for (const item of plan.items) {
      const shown = view.items.find((one) => one.id === item.id);
      if (shown?.state !== item.state)
        findings.push(
          `item ${item.id} of order ${plan.key} (${plan.kind}, ${id}) is ${shown?.state ?? 'gone'}, not ${item.state}${why(shown)}`,
        );
    }
  }
  if (views.size !== accepted.length)
    findings.push(`${views.size} ${what}s are shown, ${accepted.length} were answered 201`);
  return { name: `every accepted ${what} reached its right end`, findings };
}

/** TMF638 shows every service in its state and with the characteristics that were asked for, and no other. */
export function servicesAreRight(
  expected: ReadonlyMap<string, ExpectedOnNetwork>,
  views: ReadonlyMap<string, ServiceView>,
): Verdict {
  const findings: string[] = [];
  for (const { id, type, state, characteristics } of expected.values()) {
    const view = views.get(id);
    if (view === undefined || view.state !== state) {
      findings.push(`service ${id} (${type}) is ${view?.state ?? 'gone'}, not ${state}`);
      continue;
    }
    if (state !== 'active') continue;
    const shown = new Map(view.serviceCharacteristic.map((one) => [one.name, one.value]));
    for (const [name, value] of Object.entries(characteristics)) {
      if (JSON.stringify(shown.get(name)) !== JSON.stringify(value))
        findings.push(
          `service ${id} (${type}) has ${name} ${JSON.stringify(shown.get(name))}, not ${JSON.stringify(value)}`,
        );
    }
  }
  for (const { id, serviceType, state } of views.values()) {
    if (!expected.has(id)) findings.push(`service ${id} (${serviceType ?? 'untyped'}, ${state}) was never ordered`);
  }
  return { name: 'TMF638 shows every service as ordered', findings };
}

const why = (view: Pick<OrderView, 'errorMessage'> | undefined): string => {
  const [first] = view?.errorMessage ?? [];
  return first === undefined ? '' : `: ${first.code}, ${first.reason}`;
};
