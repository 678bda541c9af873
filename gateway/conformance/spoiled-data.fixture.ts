import type { Database } from '../../ops/platform/database.ts';

/**
 * Makes every read of views, and every write that a request leads to, fail as PostgreSQL fails on data (SQLSTATE class 22):
 * that is our fault, and nothing the client should hear details of. A table that is missing would be the world's.
 */
export async function spoilData(sql: Database, resources: readonly string[]): Promise<void> {
  await sql`
    insert into gateway.view (resource, id, revision, doc)
    select resource, '1', 1, '{}' from unnest(${resources as string[]}::text[]) resource`;
  await sql.unsafe(`
    alter table gateway.view rename to whole_view;
    create view gateway.view as select * from gateway.whole_view where 1 / (revision - revision) > 0;
    create function gateway.spoil() returns trigger language plpgsql as
      $$ begin raise exception 'a relation of the schema is spoiled' using errcode = '22000'; end $$;
    create trigger spoiled instead of insert on gateway.view for each row execute function gateway.spoil();
    create trigger spoiled before insert on platform.message for each row execute function gateway.spoil();
  `);
}
