import type { JsonObject } from '../../contracts/tmf/common.ts';
import type { Transaction } from '../../ops/platform/database.ts';
import type { ResourceDescriptor } from '../tmf630/descriptor.ts';
import type { ViewState } from './projection.ts';
import { viewKey } from './projection.ts';
import { columnsOf } from './view-row.ts';

interface Row {
  resource: string;
  id: string;
  revision: number | null;
  deleted: boolean | null;
  doc: JsonObject | null;
  submitted: JsonObject | null;
  pending: Record<string, JsonObject> | null;
}

/** Reads and locks the views of a batch, with what the clients sent of them. */
export async function lockViews(
  tx: Transaction,
  resources: ReadonlyMap<string, ResourceDescriptor>,
  keys: readonly string[],
): Promise<Map<string, ViewState>> {
  if (keys.length === 0) return new Map();
  const wanted = keys.map((key) => JSON.parse(key) as [string, string]);
  const names = wanted.map(([resource]) => resource);
  const ids = wanted.map(([, id]) => id);
  await tx`
    select 1 from gateway.view
    where (resource, id) in (select * from unnest(${names}::text[], ${ids}::text[]))
    order by resource, id for update`;
  const rows = await tx<Row[]>`
    select wanted.resource, wanted.id, v.revision, v.deleted, v.doc, s.document as submitted,
      (select jsonb_object_agg(p.command_id, p.document) from gateway.pending_document p
       where p.resource = wanted.resource and p.id = wanted.id) as pending
    from unnest(${names}::text[], ${ids}::text[]) wanted (resource, id)
    left join gateway.view v on v.resource = wanted.resource and v.id = wanted.id
    left join gateway.submitted s on s.resource = wanted.resource and s.id = wanted.id`;
  return new Map(
    rows.flatMap((row): [string, ViewState][] => {
      const resource = resources.get(row.resource);
      if (resource === undefined) return [];
      const state: ViewState = {
        resource,
        id: row.id,
        revision: row.revision ?? -1,
        deleted: row.deleted ?? false,
        doc: row.doc ?? {},
        submitted: row.submitted ?? undefined,
        pending: row.pending ?? {},
        viewChanged: false,
        submittedChanged: false,
        outcomes: [],
      };
      return [[viewKey(resource, row.id), state]];
    }),
  );
}

/** Writes a batch's views, submitted documents and answers. */
export async function saveViews(tx: Transaction, states: readonly ViewState[]): Promise<void> {
  await upsertViews(
    tx,
    states.filter((state) => state.viewChanged),
  );
  await upsertSubmitted(
    tx,
    states.filter((state) => state.submittedChanged),
  );
  await insertOutcomes(tx, states);
}

async function upsertViews(tx: Transaction, states: readonly ViewState[]): Promise<void> {
  if (states.length === 0) return;
  const rows = states.map((state) => ({ state, columns: columnsOf(state.resource, state.doc) }));
  // The sets of party ids are of different lengths, which no array of arrays can be: they travel as JSON.
  await tx`
    insert into gateway.view as v (resource, id, revision, doc, deleted, state, external_id, category, party_ids,
                                   created_at, start_at, completed_at, updated_at)
    select resource, id, revision, doc, deleted, state, external_id, category,
           array(select jsonb_array_elements_text(party_ids)), created_at, start_at, completed_at, now()
    from unnest(
      ${rows.map(({ state }) => state.resource.name)}::text[],
      ${rows.map(({ state }) => state.id)}::text[],
      ${rows.map(({ state }) => state.revision)}::bigint[],
      ${rows.map(({ state }) => JSON.stringify(state.doc))}::text[]::jsonb[],
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
      external_id = excluded.external_id, category = excluded.category, party_ids = excluded.party_ids,
      created_at = excluded.created_at, start_at = excluded.start_at, completed_at = excluded.completed_at,
      updated_at = excluded.updated_at
    where v.revision < excluded.revision`;
}

async function upsertSubmitted(tx: Transaction, states: readonly ViewState[]): Promise<void> {
  if (states.length === 0) return;
  await tx`
    insert into gateway.submitted (resource, id, document)
    select * from unnest(
      ${states.map((state) => state.resource.name)}::text[],
      ${states.map((state) => state.id)}::text[],
      ${states.map((state) => JSON.stringify(state.submitted ?? {}))}::text[]::jsonb[]
    )
    on conflict (resource, id) do update set document = excluded.document`;
}

async function insertOutcomes(tx: Transaction, states: readonly ViewState[]): Promise<void> {
  const outcomes = states.flatMap(({ resource, outcomes: list }) =>
    list.map((outcome) => ({ resource: resource.name, ...outcome })),
  );
  if (outcomes.length === 0) return;
  await tx`
    insert into gateway.outcome (command_id, resource, resource_id, revision, refusal)
    select * from unnest(
      ${outcomes.map((one) => one.commandId)}::uuid[],
      ${outcomes.map((one) => one.resource)}::text[],
      ${outcomes.map((one) => one.id)}::text[],
      ${outcomes.map((one) => one.revision)}::bigint[],
      ${outcomes.map((one) => (one.refusal === null ? null : JSON.stringify(one.refusal)))}::text[]::jsonb[]
    )
    on conflict (command_id) do nothing`;
  await tx`
    delete from gateway.pending_document where command_id = any(${outcomes.map((one) => one.commandId)}::uuid[])`;
}
