import type { Fragment } from 'postgres';

import type { JsonObject } from '../../contracts/tmf/common.ts';
import type { Transaction } from '../../ops/platform/database.ts';
import type { Statement } from '../../ops/platform/messaging/pipelined.ts';
import type { ResourceDescriptor } from '../tmf630/descriptor.ts';
import type { SettledColumns, ViewState } from './projection.ts';
import { viewKey } from './projection.ts';
import { type ViewColumns, columnsOf } from '../tmf630/view-row.ts';

interface ViewRow extends SettledColumns {
  id: string;
  revision: number;
  deleted: boolean;
}
interface DocumentRow {
  id: string;
  document: JsonObject;
}

/** Reads and locks the views of a batch, with what the clients sent of them. */
export async function lockViews(
  tx: Transaction,
  resources: ReadonlyMap<string, ResourceDescriptor>,
  keys: readonly string[],
): Promise<Map<string, ViewState>> {
  const wanted = Map.groupBy(
    keys.map((key) => JSON.parse(key) as [string, string]),
    ([name]) => name,
  );
  const states = await Promise.all(
    [...wanted].map(async ([name, named]) => {
      const resource = resources.get(name);
      const ids = named.map(([, id]) => id);
      return resource === undefined ? [] : lockViewsOf(tx, resource, ids);
    }),
  );
  return new Map(states.flat().map((state) => [viewKey(state.resource, state.id), state]));
}

/**
 * Three plain statements, sent together and answered in their order. As one join, planning alone costs the database
 * three times what they do.
 */
async function lockViewsOf(
  tx: Transaction,
  resource: ResourceDescriptor,
  ids: readonly string[],
): Promise<ViewState[]> {
  const [views, submitted, pending] = await Promise.all([
    tx<ViewRow[]>`
      select id, revision, deleted, external_id, category, party_ids, created_at from gateway.view
      where resource = ${resource.name} and id = any(${ids as string[]}::text[]) order by id for update`,
    tx<DocumentRow[]>`
      select id, document from gateway.submitted
      where resource = ${resource.name} and id = any(${ids as string[]}::text[])`,
    tx<(DocumentRow & { commandId: string })[]>`
      select id, command_id as "commandId", document from gateway.pending_document
      where resource = ${resource.name} and id = any(${ids as string[]}::text[])`,
  ]);
  const viewOf = new Map(views.map((row) => [row.id, row]));
  const submittedOf = new Map(submitted.map((row) => [row.id, row.document]));
  const pendingOf = Map.groupBy(pending, (row) => row.id);
  return ids.map((id) => {
    const stored = viewOf.get(id);
    const { revision = -1, deleted = false } = stored ?? {};
    return {
      ...{ resource, id, revision, deleted, stored },
      submitted: submittedOf.get(id),
      pending: Object.fromEntries((pendingOf.get(id) ?? []).map(({ commandId, document }) => [commandId, document])),
      ...{ shown: undefined, submittedChanged: false, outcomes: [] },
    };
  });
}

/** Writes a batch's views, submitted documents and answers. */
export const saveViews = (tx: Transaction, states: readonly ViewState[]): readonly Statement[] => [
  ...upsertViews(tx, states),
  ...upsertSubmitted(
    tx,
    states.filter((state) => state.submittedChanged),
  ),
  ...insertOutcomes(tx, states),
];

const isSettled = (stored: SettledColumns | undefined, columns: ViewColumns): boolean =>
  stored !== undefined &&
  stored.external_id === columns.external_id &&
  stored.category === columns.category &&
  stored.created_at?.getTime() === (columns.created_at === null ? undefined : Date.parse(columns.created_at)) &&
  stored.party_ids.length === columns.party_ids.length &&
  stored.party_ids.every((id, place) => id === columns.party_ids[place]);

interface ShownRow {
  readonly state: ViewState;
  readonly doc: JsonObject;
  readonly columns: ViewColumns;
}

/**
 * Rows whose settled columns stay as they are do not name them: PostgreSQL takes a column that is set for one that changes, and
 * removes dead entries while it writes only from indexes whose columns are not set. Those of the others kept five entries an order.
 */
function upsertViews(tx: Transaction, states: readonly ViewState[]): readonly Statement[] {
  const rows = states.flatMap((state) =>
    state.shown === undefined ? [] : [{ state, doc: state.shown, columns: columnsOf(state.resource, state.shown) }],
  );
  const [settled, others] = [true, false].map((wanted) =>
    rows.filter(({ state, columns }) => isSettled(state.stored, columns) === wanted),
  );
  return [
    ...upsertRows(tx, settled ?? [], tx``),
    ...upsertRows(
      tx,
      others ?? [],
      tx`, external_id = excluded.external_id, category = excluded.category, party_ids = excluded.party_ids,
           created_at = excluded.created_at`,
    ),
  ];
}

function upsertRows(tx: Transaction, rows: readonly ShownRow[], settled: Fragment): readonly Statement[] {
  if (rows.length === 0) return [];
  // The sets of party ids are of different lengths, which no array of arrays can be: they travel as JSON.
  const statement = tx`
    insert into gateway.view as v (resource, id, revision, doc, deleted, state, external_id, category, party_ids,
                                   created_at, start_at, completed_at, updated_at)
    select resource, id, revision, doc, deleted, state, external_id, category,
           array(select jsonb_array_elements_text(party_ids)), created_at, start_at, completed_at, now()
    from unnest(
      ${rows.map(({ state }) => state.resource.name)}::text[],
      ${rows.map(({ state }) => state.id)}::text[],
      ${rows.map(({ state }) => state.revision)}::bigint[],
      ${rows.map(({ doc }) => JSON.stringify(doc))}::text[]::jsonb[],
      ${rows.map(({ state }) => String(state.deleted))}::text[]::boolean[],
      ${rows.map(({ columns }) => columns.state)}::text[],
      ${rows.map(({ columns }) => columns.external_id)}::text[],
      ${rows.map(({ columns }) => columns.category)}::text[],
      ${rows.map(({ columns }) => JSON.stringify(columns.party_ids))}::text[]::jsonb[],
      ${rows.map(({ columns }) => columns.created_at)}::text[]::timestamptz[],
      ${rows.map(({ columns }) => columns.start_at)}::text[]::timestamptz[],
      ${rows.map(({ columns }) => columns.completed_at)}::text[]::timestamptz[]
    ) as new (resource, id, revision, doc, deleted, state, external_id, category, party_ids, created_at, start_at, completed_at)
    order by resource, id
    on conflict (resource, id) do update set
      revision = excluded.revision, doc = excluded.doc, deleted = excluded.deleted, state = excluded.state,
      start_at = excluded.start_at, completed_at = excluded.completed_at, updated_at = excluded.updated_at${settled}
    where v.revision < excluded.revision`;
  return [statement];
}

function upsertSubmitted(tx: Transaction, states: readonly ViewState[]): readonly Statement[] {
  if (states.length === 0) return [];
  const statement = tx`
    insert into gateway.submitted (resource, id, document)
    select * from unnest(
      ${states.map((state) => state.resource.name)}::text[],
      ${states.map((state) => state.id)}::text[],
      ${states.map((state) => JSON.stringify(state.submitted ?? {}))}::text[]::json[]
    )
    on conflict (resource, id) do update set document = excluded.document`;
  return [statement];
}

function insertOutcomes(tx: Transaction, states: readonly ViewState[]): readonly Statement[] {
  const outcomes = states.flatMap(({ resource, outcomes: list }) =>
    list.map((outcome) => ({ resource: resource.name, ...outcome })),
  );
  if (outcomes.length === 0) return [];
  const answered = tx`
    insert into gateway.outcome (command_id, resource, resource_id, revision, refusal, result)
    select * from unnest(
      ${outcomes.map((one) => one.commandId)}::uuid[],
      ${outcomes.map((one) => one.resource)}::text[],
      ${outcomes.map((one) => one.id)}::text[],
      ${outcomes.map((one) => one.revision)}::bigint[],
      ${outcomes.map((one) => (one.refusal === null ? null : JSON.stringify(one.refusal)))}::text[]::jsonb[],
      ${outcomes.map((one) => (one.result === null ? null : JSON.stringify(one.result)))}::text[]::jsonb[]
    )
    on conflict (command_id) do nothing`;
  const settled = tx`
    delete from gateway.pending_document where command_id = any(${outcomes.map((one) => one.commandId)}::uuid[])`;
  return [answered, settled];
}
