/**
 * What an order would come to. It is accepted, and its services are granted, by the very decisions that do it; only
 * nothing of what they return is saved or sent.
 */
import type { ActivateItem } from '../../contracts/messages/activation.ts';
import {
  type ClaimRequest,
  type ClaimVerdict,
  type Service,
  claimServices,
} from '../../contracts/messages/service-inventory.ts';
import type { RequestedItem, ServiceOrderRequest } from '../../contracts/messages/service-ordering.ts';
import type {
  ActivatorOutline,
  PlannedItem,
  PlannedStep,
  ServiceOrderPlan,
  ServicesDescribed,
} from '../../contracts/messages/service-planning.ts';
import type { Failure, ItemRef } from '../../contracts/messages/values.ts';
import { type Draft, draftOf, remember, requestedItem } from './draft.decide.ts';
import { inOrder } from './item-graph.decide.ts';
import { activation, fail } from './launch.decide.ts';
import { type OrderState, durationKey, progressOf } from './order.state.ts';
import { type Known, accept, onClaimed } from './service-order.decide.ts';
import { itemEnded } from './service-order.machine.ts';

/** What is declared of a service type: the steps an item comes to, and what its schema has against the characteristics. */
export interface PlannedActivator {
  readonly outline: ActivatorOutline;
  planFor(item: ActivateItem): readonly PlannedStep[];
  faultOf(characteristics: unknown): Failure | undefined;
}

export interface Insight {
  /** What the order itself is held against, and what its items of existing services are. */
  readonly accepting: Known;
  readonly launching: Known;
  /** By service type. */
  readonly activators: ReadonlyMap<string, PlannedActivator>;
}

/** As the order would begin: now, or on its requested day. */
function beginning({ requestedStartDate }: ServiceOrderRequest, now: Date): Date {
  return requestedStartDate === undefined || new Date(requestedStartDate) <= now ? now : new Date(requestedStartDate);
}

/**
 * What the inventory would be asked for. Nothing, when the order would be rejected, or when all of it is new and stands
 * on nothing that is there.
 */
export function claimsOf(request: ServiceOrderRequest, known: Known, now: Date): ClaimRequest[] {
  const isNew = ({ action, serviceNamed, supportingServices }: RequestedItem): boolean =>
    action === 'noChange' || (action === 'add' && !serviceNamed && supportingServices.length === 0);
  if (request.items.every(isNew)) return [];
  return (accept(undefined, request, known, beginning(request, now)).send ?? [])
    .filter(({ definition }) => definition.name === claimServices.name)
    .flatMap(({ body }) => claimServices.schema.parse(body).claims);
}

/**
 * Plans an order.
 *
 * @param described what the inventory says; undefined when it was not asked
 */
export function planOrder(
  request: ServiceOrderRequest,
  { accepting, launching, activators }: Insight,
  described: Pick<ServicesDescribed, 'verdicts' | 'busy'> | undefined,
  now: Date,
): ServiceOrderPlan {
  const begins = beginning(request, now);
  const accepted = after(accept(undefined, request, accepting, begins));
  const { verdicts = [], busy = [] } = described ?? {};
  // What waits for another order is planned by its service as it is now.
  const granted = [...verdicts.filter(({ verdict }) => verdict !== 'waiting'), ...busy.map(inTurn)];
  const claimed = granted.length === 0 ? accepted : after(onClaimed(accepted, granted, launching, begins), accepted);

  const draft = draftOf(claimed, begins);
  const ordered = inOrder(request.items);
  const open = ordered.filter(({ itemId }) => !itemEnded(progressOf(draft.order, itemId).state));
  const commands = new Map(open.flatMap((item) => commandOf(draft, item)));
  for (const [itemId, command] of commands) {
    const fault = activators.get(command.serviceType)?.faultOf(command.requested);
    if (fault !== undefined) fail(draft, itemId, fault);
  }
  const items = ordered.map((item) => {
    const command = commands.get(item.itemId);
    return planItem(draft, item, {
      command,
      activator: command && activators.get(command.serviceType),
      granted: granted.find((one) => one.itemId === item.itemId),
      ahead: busy.find((one) => one.itemId === item.itemId)?.ahead ?? [],
      expectedMs: command && accepting.durations.get(durationKey(command.serviceType, item.action)),
    });
  });

  const { state, failure } = accepted.order;
  const { expectedAt, jeopardies } = claimed.order;
  const rejected = state === 'rejected';
  const acceptable = !rejected && items.every((item) => item.failure === undefined);
  const types = new Set([...commands.values()].map(({ serviceType }) => serviceType));
  return {
    verdict: rejected ? 'rejected' : acceptable ? 'acceptable' : 'faulty',
    ...(failure === undefined ? {} : { failure }),
    ...(!rejected && begins > now ? { state: 'pending', startsAt: begins.toISOString() } : { state }),
    ...(acceptable && busy.length === 0 && expectedAt !== undefined ? { expectedAt } : {}),
    warnings: acceptable ? jeopardies.map(({ message }) => message) : [],
    items,
    activators: [...activators.values()].map(({ outline }) => outline).filter((one) => types.has(one.serviceType)),
  };
}

/** What is found out about an item beside its progress. */
interface Findings {
  /** What its activator would be sent; undefined for what comes to nothing. */
  readonly command: ActivateItem | undefined;
  readonly activator: PlannedActivator | undefined;
  readonly granted: ClaimVerdict | undefined;
  readonly ahead: readonly ItemRef[];
  readonly expectedMs: number | undefined;
}

function planItem(draft: Draft, item: RequestedItem, findings: Findings): PlannedItem {
  const { itemId, action, dependsOn, serviceNamed, serviceId } = item;
  const { state, serviceType, ...progress } = progressOf(draft.order, itemId);
  const over = itemEnded(state);
  const { granted, activator, expectedMs } = findings;
  const command = over ? undefined : findings.command;
  const failure = progress.failure ?? (command && !activator ? noActivator(command.serviceType) : undefined);
  const steps = (command && activator?.planFor(command)) ?? [];
  const waitsFor = over ? { items: [], orders: [] } : { items: dependsOn, orders: [...findings.ahead] };
  const service = granted?.verdict === 'claimed' ? granted.service : undefined;
  const { specification, characteristics = {} } = draft.work[itemId]?.resolved ?? {};
  return {
    itemId,
    action,
    ...(command?.operation === undefined ? {} : { operation: command.operation }),
    state: over ? state : standing(draft, waitsFor),
    ...(failure === undefined ? {} : { failure }),
    ...(action === 'add' && !serviceNamed ? {} : { serviceId }),
    ...(serviceType === undefined ? {} : { serviceType }),
    ...(specification === undefined ? {} : { specification: { ...named(specification), rule: ruleOf(item, service) } }),
    characteristics,
    defaults: defaultsOf(item, characteristics, service),
    waitsFor,
    supporting: supportingOf(item, granted),
    steps: steps.map(({ step, direction, platform }) => ({ step, direction, platform })),
    leftOut: (command && activator ? activator.outline.steps : [])
      .map(({ name }) => name)
      .filter((name) => !steps.some(({ step }) => step === name)),
    ...(command === undefined || expectedMs === undefined ? {} : { expectedMs }),
  };
}

/** The order after a decision. */
function after({ save = [] }: { readonly save?: readonly OrderState[] }, before?: OrderState): OrderState {
  const state = save.at(-1) ?? before;
  if (state === undefined) throw new Error('an order that nobody knew was neither accepted nor rejected');
  return state;
}

/** The claim as it will be granted, were the service to stay as it is. */
export const inTurn = ({ itemId, service }: ServicesDescribed['busy'][number]): ClaimVerdict => ({
  verdict: 'claimed',
  itemId,
  number: 1,
  service,
  supporting: [],
});

/** The command its activator would get; none for what comes to nothing. */
function commandOf(draft: Draft, { itemId, action }: RequestedItem): [string, ActivateItem][] {
  const item = requestedItem(draft, itemId);
  const work = draft.work[itemId];
  if (item === undefined || work?.resolved === undefined || action === 'noChange') return [];
  remember(draft, itemId, { claimNumber: work.claimNumber ?? 1 });
  return [[itemId, activation(draft, item)]];
}

function standing({ order }: Draft, { items, orders }: PlannedItem['waitsFor']): PlannedItem['state'] {
  if (orders.length > 0) return 'pending';
  return items.every((id) => itemEnded(progressOf(order, id).state)) ? 'inProgress' : 'acknowledged';
}

const noActivator = (serviceType: string): Failure => ({
  code: 'noActivator',
  reason: `There is no activator for service type "${serviceType}": the item would wait until there is one.`,
});

const named = ({ id, version, name }: { id: string; version: string; name: string }) => ({ id, version, name });

function ruleOf(item: RequestedItem, service: Service | undefined): NonNullable<PlannedItem['specification']>['rule'] {
  if (item.specification !== undefined) return item.specification.version === undefined ? 'newestActive' : 'named';
  return item.action !== 'add' && service?.specification?.version !== undefined ? 'ofTheService' : 'newestActive';
}

/** What neither the order nor the service says. */
const defaultsOf = (item: RequestedItem, resolved: Readonly<Record<string, unknown>>, service: Service | undefined) =>
  Object.keys(resolved).filter(
    (name) => !Object.hasOwn(item.characteristics, name) && !Object.hasOwn(service?.characteristics ?? {}, name),
  );

/** Services it names, outside the order; their types where the inventory was asked. */
function supportingOf(
  { supportingServices }: RequestedItem,
  granted: ClaimVerdict | undefined,
): PlannedItem['supporting'] {
  const known = granted?.verdict === 'claimed' ? granted.supporting : [];
  return supportingServices.map((serviceId) => {
    const serviceType = known.find((one) => one.serviceId === serviceId)?.serviceType;
    return { serviceId, ...(serviceType === undefined ? {} : { serviceType }) };
  });
}
