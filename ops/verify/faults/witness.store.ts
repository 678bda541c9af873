import type { Database } from '../../platform/database.ts';

/**
 * Has the database itself write down, on the stage only, every event of a change that is committed and every step a view takes: what the
 * fleet says of itself is not believed.
 */
export async function installWitness(sql: Database): Promise<void> {
  await sql.unsafe(`
    create schema faults;
    create table faults.emitted (
      message_id uuid primary key, resource text not null, id text not null, revision bigint not null
    );
    create index on faults.emitted (resource, id, revision);
    create table faults.shown (
      seq bigint generated always as identity primary key, resource text not null, id text not null, before bigint, after bigint not null
    );
    create function faults.note_emitted() returns trigger language plpgsql as $$
    declare changed jsonb := new.body::jsonb; kind text := split_part(new.type, '.', 2);
    begin
      changed := changed -> case kind when 'service-changed' then 'service' when 'product-changed' then 'product' else 'order' end;
      insert into faults.emitted (message_id, resource, id, revision)
      values (new.message_id,
              case kind when 'service-order-changed' then 'serviceOrder' when 'service-changed' then 'service'
                        when 'product-order-changed' then 'productOrder' else 'product' end,
              changed ->> 'id', (changed ->> 'revision')::bigint)
      on conflict do nothing;
      return null;
    end $$;
    create trigger witness after insert on platform.message for each row
      when (new.exchange = 'evt' and split_part(new.type, '.', 2) in
            ('service-order-changed', 'service-changed', 'product-order-changed', 'product-changed'))
      execute function faults.note_emitted();
    create function faults.note_shown() returns trigger language plpgsql as $$
    begin
      insert into faults.shown (resource, id, before, after)
      values (new.resource, new.id, case tg_op when 'UPDATE' then old.revision end, new.revision);
      return null;
    end $$;
    create trigger witness_insert after insert on gateway.view for each row execute function faults.note_shown();
    create trigger witness_update after update of revision on gateway.view for each row
      when (old.revision is distinct from new.revision) execute function faults.note_shown();
  `);
}

/**
 * Revisions whose event was not committed, or did not reach the projector, or moved a view twice or backwards. Several
 * revisions of a batch may move a view in one step; each one's event must have been handled all the same.
 */
export async function findUnprojected(sql: Database): Promise<string[]> {
  const rows = await sql<{ what: string }[]>`
    with domain as (
      select 'serviceOrder' as resource, id, revision from service_ordering.service_order
      union all
      select 'service', id, revision from service_inventory.service
      union all
      select 'productOrder', id, revision from order_management.product_order
      union all
      select 'product', id, revision from product_inventory.product
    ), arrived as (
      select e.resource, e.id, e.revision, bool_or(i.message_id is not null) as handled
      from faults.emitted e
      left join platform.inbox i on i.consumer = 'gateway.projector' and i.message_id = e.message_id
      group by 1, 2, 3
    ), counted as (
      select resource, id, count(*) as revisions from arrived group by 1, 2
    )
    select format('%s %s has %s revisions and sent events of %s', d.resource, d.id, d.revision, coalesce(c.revisions, 0)) as what
    from domain d left join counted c using (resource, id) where d.revision is distinct from c.revisions
    union all
    select format('revision %s of %s %s never reached the projector', revision, resource, id) from arrived where not handled
    union all
    select format('revision %s of %s %s was laid over its view %s times', after, resource, id, count(*))
    from faults.shown group by resource, id, after having count(*) > 1
    union all
    select format('the view of %s %s went from revision %s to %s', resource, id, before, after)
    from faults.shown where after <= before
    limit 50`;
  return rows.map(({ what }) => what);
}

/** Keeps every handler from claiming its messages for so long: whoever consumes holds its deliveries. */
export async function holdInbox(sql: Database, seconds: number): Promise<void> {
  await sql.begin(async (tx) => {
    await tx`lock table platform.inbox in access exclusive mode`;
    await tx`select pg_sleep(${seconds})`;
  });
}

/** Keeps outcomes of platform calls from being recorded while `meanwhile` runs. */
export async function holdRecording(sql: Database, meanwhile: () => Promise<unknown>): Promise<void> {
  await sql.begin(async (tx) => {
    await tx`lock table activation.activation in exclusive mode`;
    await meanwhile();
  });
}

export interface Attempts {
  /** Counted so far against steps, over all activations. */
  readonly failures: number;
  /** Activations that gave up. */
  readonly stalled: number;
  /** Calls that are under way. */
  readonly calling: number;
}

export async function readAttempts(sql: Database): Promise<Attempts> {
  const [row] = await sql<Attempts[]>`
    select coalesce(sum((entry ->> 'failures')::int), 0)::int as failures,
           (count(distinct id) filter (where phase = 'stalled'))::int as stalled,
           (count(*) filter (where entry ->> 'state' = 'calling'))::int as calling
    from activation.activation, jsonb_array_elements(doc -> 'entries') entry`;
  return row ?? { failures: 0, stalled: 0, calling: 0 };
}

/** Activations of which a lease ran out: whoever was to make the call did not say what became of it. */
export async function countLeasesOver(sql: Database): Promise<number> {
  const [row] = await sql<{ activations: number }[]>`
    select count(*)::int as activations from activation.activation
    where jsonb_path_exists(doc, '$.entries[*].log[*] ? (@.result == "lease over")')`;
  return row?.activations ?? 0;
}

/** The fleet's breakers that are not closed, by platform. */
export async function readBreakers(sql: Database): Promise<Record<string, string>> {
  const rows = await sql<{ platform: string; state: string }[]>`
    select platform, state from platform.breaker where state <> 'closed'`;
  return Object.fromEntries(rows.map(({ platform, state }) => [platform, state]));
}

export async function countOutbox(sql: Database): Promise<number> {
  const [row] = await sql<{ rows: number }[]>`select count(*)::int as rows from platform.message`;
  return row?.rows ?? 0;
}
