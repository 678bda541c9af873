import { activationStatuses } from '../../contracts/messages/activation.ts';
import {
  type ReferredSpecification,
  type ServiceSpecification,
  isReference,
  referenceTo,
  serviceSpecification,
} from '../../contracts/messages/service-catalog.ts';
import { service } from '../../contracts/messages/service-inventory.ts';
import { cancellationStates } from '../../contracts/messages/service-ordering.ts';
import { orderItemActions, serviceOrderStates } from '../../contracts/states/service-order.ts';
import { createContents } from '../../ops/platform/contents.store.ts';
import type { Transaction } from '../../ops/platform/database.ts';
import type { DueRows } from '../../ops/platform/messaging/alarm.store.ts';
import type { Statement } from '../../ops/platform/messaging/pipelined.ts';
import type { Aggregate } from '../../ops/platform/messaging/handler.ts';
import { documentsOf } from '../../ops/platform/messaging/own-rows.ts';
import { type ItemWork, type OrderState, waysToBeHeld } from './order.state.ts';
import { orderEnded } from './service-order.machine.ts';

/** The stored document: an attribute that is added is optional, since rows of the release before do not have it. */
type Stored = Omit<OrderState, 'dueAt' | 'deleted' | 'cancellations'> & Partial<Pick<OrderState, 'cancellations'>>;
const documentOf = documentsOf<Stored>('service_ordering.service_order', ({ order, work, cancellations = [] }) => [
  [serviceOrderStates, order.state, ...Object.values(order.progress).map(({ state }) => state)],
  [orderItemActions, ...order.request.items.map(({ action }) => action)],
  [activationStatuses, ...Object.values(work).map(({ status }) => status?.status)],
  [waysToBeHeld, ...Object.values(work).map(({ unbegun }) => unbegun?.command)],
  [cancellationStates, ...cancellations.map(({ state }) => state)],
]);

interface Row {
  id: string;
  doc: unknown;
  due_at: Date | null;
  deleted: boolean;
}

const stateOf = (row: Row): OrderState => ({
  // Rows of the release before cancellations have none.
  cancellations: [],
  ...documentOf(row),
  dueAt: row.due_at,
  deleted: row.deleted,
});

const contents = createContents(serviceSpecification);

/** Service orders, one row each. A row refers to its specifications, and has of settled services what dependants are told. */
export const serviceOrders: Aggregate<OrderState> = {
  name: 'service-order',
  key: (state) => state.order.id,
  load: lockServiceOrders,
  save(tx, states) {
    const whole: ServiceSpecification[] = [];
    const referring = (one: ReferredSpecification): ReferredSpecification => {
      if (isReference(one)) return one;
      whole.push(one);
      return referenceTo(one, contents.digestOf(one));
    };
    const brief = states.map((state) => withSpecifications(shortened(state), referring));
    return [...contents.inserts(tx, whole), ...saveServiceOrders(tx, brief)];
  },
};

const withSpecifications = (
  state: OrderState,
  say: (specification: ReferredSpecification) => ReferredSpecification,
): OrderState =>
  withWork(state, ({ resolved, ...work }) =>
    resolved === undefined ? work : { ...work, resolved: { ...resolved, specification: say(resolved.specification) } },
  );

/** Nothing is launched any more by an order that ended: of what its items were to be, late messages are held against nothing. */
function shortened(state: OrderState): OrderState {
  const ended = orderEnded(state.order.state);
  return withWork(state, ({ settled, ...work }) => {
    const { resolved: _resolved, previous: _previous, supporting: _supporting, ...heard } = work;
    const kept = ended ? heard : work;
    if (settled === undefined) return kept;
    const { serviceType, ...others } = told(settled);
    return { ...kept, settled: ended ? { ...others, characteristics: {}, resources: [] } : { ...others, serviceType } };
  });
}

const toldOfSettled: readonly string[] = ['id', 'serviceType', 'characteristics', 'resources'];

/** What dependants are told of a settled service, and what a newer release added to it. */
const told = (settled: NonNullable<ItemWork['settled']>): NonNullable<ItemWork['settled']> =>
  Object.fromEntries(
    Object.entries(settled).filter(([name]) => toldOfSettled.includes(name) || !(name in service.shape)),
  ) as NonNullable<ItemWork['settled']>;

const withWork = (state: OrderState, change: (work: ItemWork) => ItemWork): OrderState => ({
  ...state,
  work: Object.fromEntries(Object.entries(state.work).map(([itemId, work]) => [itemId, change(work)])),
});

async function lockServiceOrders(tx: Transaction, ids: readonly string[]): Promise<Map<string, OrderState>> {
  if (ids.length === 0) return new Map();
  const rows = await tx<Row[]>`
    select id, doc, due_at, deleted from service_ordering.service_order
    where id = any(${ids as string[]}) order by id for update`;
  return new Map(rows.map(stateOf).map((state) => [state.order.id, state]));
}

function saveServiceOrders(tx: Transaction, states: readonly OrderState[]): readonly Statement[] {
  // The release before counts reminders, and takes no row without the number.
  const docs = states.map(({ dueAt: _due, deleted: _deleted, ...doc }) => JSON.stringify({ ...doc, reminders: 0 }));
  const statement = tx`
    insert into service_ordering.service_order as o (id, revision, state, due_at, doc, deleted, updated_at)
    select *, now() from unnest(
      ${states.map((s) => s.order.id)}::text[],
      ${states.map((s) => s.order.revision)}::bigint[],
      ${states.map((s) => s.order.state)}::text[],
      ${states.map((s) => s.dueAt?.toISOString() ?? null)}::text[]::timestamptz[],
      ${docs}::text[]::jsonb[],
      ${states.map((s) => String(s.deleted))}::text[]::boolean[]
    )
    on conflict (id) do update set
      revision = excluded.revision, state = excluded.state, due_at = excluded.due_at, doc = excluded.doc,
      deleted = excluded.deleted, updated_at = excluded.updated_at`;
  return [statement];
}

/** Orders whose alarm rings. */
export const serviceOrderRows: DueRows = { table: 'service_ordering.service_order' };

/** A page of orders by id, for a rebuild of the views. */
export async function pageOfServiceOrders(tx: Transaction, after: string | null, limit: number): Promise<OrderState[]> {
  const rows = await tx<Row[]>`
    select id, doc, due_at, deleted from service_ordering.service_order
    where id > ${after ?? ''} order by id limit ${limit}`;
  return rows.map(stateOf);
}
