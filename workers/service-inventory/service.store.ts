import { changeOutcomes } from '../../contracts/messages/service-inventory.ts';
import { orderItemActions } from '../../contracts/states/service-order.ts';
import { operatingStatuses, serviceStates } from '../../contracts/states/service.ts';
import type { Transaction } from '../../ops/platform/database.ts';
import type { Aggregate } from '../../ops/platform/messaging/handler.ts';
import { documentsOf } from '../../ops/platform/messaging/own-rows.ts';
import type { ServiceState } from './service.state.ts';

const documentOf = documentsOf<Omit<ServiceState, 'deleted'>>(
  'service_inventory.service',
  ({ service, waiting, change, lastSettled }) => [
    [serviceStates, service.state, change?.before.state],
    [operatingStatuses, service.operatingStatus, change?.before.operatingStatus],
    [orderItemActions, change?.action, ...waiting.map(({ request }) => request.action)],
    [changeOutcomes, lastSettled?.outcome],
  ],
);

interface Row {
  id: string;
  doc: unknown;
  deleted: boolean;
}

const stateOf = (row: Row): ServiceState => ({ ...documentOf(row), deleted: row.deleted });

/** Services, one row each; this worker is their only writer. */
export const services: Aggregate<ServiceState> = {
  name: 'service',
  key: (state) => state.service.id,
  async load(tx, ids) {
    if (ids.length === 0) return new Map();
    const rows = await tx<Row[]>`
      select id, doc, deleted from service_inventory.service where id = any(${ids as string[]}) order by id for update`;
    return new Map(rows.map(stateOf).map((state) => [state.service.id, state]));
  },
  save(tx, states) {
    const docs = states.map(({ deleted: _column, ...doc }) => JSON.stringify(doc));
    const statement = tx`
      insert into service_inventory.service (id, revision, state, doc, deleted, updated_at)
      select *, now() from unnest(
        ${states.map((s) => s.service.id)}::text[],
        ${states.map((s) => s.service.revision)}::bigint[],
        ${states.map((s) => s.service.state)}::text[],
        ${docs}::text[]::jsonb[],
        ${states.map((s) => String(s.deleted))}::text[]::boolean[]
      )
      on conflict (id) do update set
        revision = excluded.revision, state = excluded.state, doc = excluded.doc, deleted = excluded.deleted,
        updated_at = excluded.updated_at`;
    return [statement];
  },
};

/** A page of services by id, for a rebuild of the views. */
export async function pageOfServices(tx: Transaction, after: string | null, limit: number): Promise<ServiceState[]> {
  const rows = await tx<Row[]>`
    select id, doc, deleted from service_inventory.service where id > ${after ?? ''} order by id limit ${limit}`;
  return rows.map(stateOf);
}
