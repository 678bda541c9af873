import { z } from 'zod';
import type { MessageVersions } from '../../contracts/messages/message.ts';
import {
  type ReferredSpecification,
  type ServiceSpecification,
  isReference,
  referenceTo,
  referredSpecification,
  serviceSpecification,
} from '../../contracts/messages/service-catalog.ts';
import { service, supportingService } from '../../contracts/messages/service-inventory.ts';
import { cancellation, serviceOrder } from '../../contracts/messages/service-ordering.ts';
import { characteristics, failure } from '../../contracts/messages/values.ts';
import { type Contents, createContents } from '../../ops/platform/contents.store.ts';
import type { Transaction } from '../../ops/platform/database.ts';
import type { DueRows } from '../../ops/platform/messaging/alarm.store.ts';
import type { Statement } from '../../ops/platform/messaging/pipelined.ts';
import type { Aggregate } from '../../ops/platform/messaging/handler.ts';
import { documentsOf } from '../../ops/platform/messaging/own-rows.ts';
import type { ItemWork, OrderState } from './order.state.ts';
import { orderEnded } from './service-order.machine.ts';

/** The stored document. An attribute that is added is optional: rows of the release before do not have it. */
const stored = z.object({
  order: serviceOrder,
  work: z.record(
    z.string(),
    z.object({
      resolved: z.object({ specification: referredSpecification, characteristics }).optional(),
      claimNumber: z.int().optional(),
      previous: characteristics.optional(),
      supporting: z.array(supportingService).optional(),
      missing: z.array(z.string()).optional(),
      // The release before kept the service whole.
      settled: service.partial().required({ id: true, characteristics: true, resources: true }).optional(),
      status: z.object({ sequence: z.int(), status: z.enum(['running', 'waiting', 'stalled']) }).optional(),
      unbegun: z
        .object({
          held: z.boolean(),
          command: z.enum(['claim', 'activate', 'proceed', 'abandon']).optional(),
          messageId: z.string().optional(),
          alert: z.string().optional(),
          retriedAt: z.string().optional(),
        })
        .optional(),
      cancelling: z
        .object({
          round: z.int(),
          verdict: z.object({ failure: failure.optional(), over: z.boolean() }).optional(),
          again: z.object({ number: z.int().optional(), failure: failure.optional() }).optional(),
          proceeding: z.boolean().optional(),
        })
        .optional(),
    }),
  ),
  cancellations: z.array(cancellation).optional(),
});
const documentOf = documentsOf('service_ordering.service_order', stored);

interface Row {
  id: string;
  doc: unknown;
  due_at: Date | null;
  deleted: boolean;
}

const stateOf = (row: Row): OrderState => ({
  // Rows of the release before cancellations have none.
  cancellations: [],
  ...(documentOf(row) as Omit<OrderState, 'dueAt' | 'deleted' | 'cancellations'>),
  dueAt: row.due_at,
  deleted: row.deleted,
});

/**
 * Service orders, one row each. A row refers to its specifications, and has of settled services what dependants are told;
 * while processes of the release before run, it has both whole, as they read it.
 */
export function serviceOrdersSpelled(versions: MessageVersions): Aggregate<OrderState> {
  const contents = createContents(serviceSpecification);
  return {
    name: 'service-order',
    key: (state) => state.order.id,
    async load(tx, ids) {
      const loaded = await lockServiceOrders(tx, ids);
      return versions === 'current' ? loaded : madeWhole(tx, loaded, contents);
    },
    save(tx, states) {
      if (versions === 'previous') return saveServiceOrders(tx, states.map(withReminders));
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
}

/** The release before counts in each row how often it asked again. */
const withReminders = (state: OrderState): OrderState => ({ ...{ reminders: 0 }, ...state });

/** As they are kept once no process of the release before runs. */
export const serviceOrders = serviceOrdersSpelled('current');

async function madeWhole(
  tx: Transaction,
  states: ReadonlyMap<string, OrderState>,
  contents: Contents<ServiceSpecification>,
): Promise<Map<string, OrderState>> {
  const references = [...states.values()]
    .flatMap(({ work }) => Object.values(work).flatMap(({ resolved }) => resolved?.specification ?? []))
    .filter(isReference);
  const found = await contents.find(
    tx,
    references.map(({ digest }) => digest),
  );
  const whole = (one: ReferredSpecification): ReferredSpecification =>
    isReference(one) ? (found.get(one.digest) ?? one) : one;
  return new Map([...states].map(([id, state]) => [id, withSpecifications(state, whole)]));
}

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
  const docs = states.map(({ dueAt: _due, deleted: _deleted, ...doc }) => JSON.stringify(doc));
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
