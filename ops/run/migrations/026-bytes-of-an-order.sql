-- What an order leaves on disk. None of this rewrites a table: it holds for rows that are written from now on, and each lock lasts
-- only as long as the catalog's own change.

-- Documents of orders are 3 to 6 KB, and half of that is repetition. Compressed in the row (main), never beside it unless a page is too
-- small; what accepting submits stays as it is. Short columns are main too, or PostgreSQL would move them out before it compresses the
-- document.
alter table service_ordering.service_order
  alter column id set storage main,
  alter column state set storage main,
  alter column doc set storage main,
  reset (toast_tuple_target);
alter table service_inventory.service
  alter column id set storage main,
  alter column state set storage main,
  alter column doc set storage main,
  add column padding text storage main,
  set (toast_tuple_target = 128);
alter table activation.activation
  alter column business_key set storage main,
  alter column service_type set storage main,
  alter column phase set storage main,
  alter column platform set storage main,
  alter column doc set storage main,
  add column padding text storage main,
  set (toast_tuple_target = 128);
alter table gateway.view
  alter column resource set storage main,
  alter column id set storage main,
  alter column state set storage main,
  alter column doc set storage main,
  alter column external_id set storage main,
  alter column category set storage main,
  alter column party_ids set storage main,
  add column padding text storage main,
  set (toast_tuple_target = 128);

-- PostgreSQL compresses rows over 2 KB alone, and most rows of an order are of 1.2 to 1.7 KB. One that came to rest gets blanks, which
-- make it such a row: they are compressed to 36 bytes, and a document of 1.4 KB to 0.9. Rows that still change are spared the work,
-- which is 50 microseconds for each change.
create function platform.pad() returns trigger language plpgsql as $$
begin
  new.padding := repeat(' ', 2000);
  return new;
end $$;
create trigger at_rest before update on service_inventory.service for each row
  when (new.padding is null and new.state in ('active', 'terminated')) execute function platform.pad();
create trigger at_rest before update on activation.activation for each row
  when (new.padding is null and new.phase in ('completed', 'partial', 'failed', 'cancelled')) execute function platform.pad();
create trigger at_rest before update on gateway.view for each row
  when (new.padding is null and new.state in ('active', 'terminated', 'completed', 'cancelled', 'failed', 'partial', 'rejected'))
  execute function platform.pad();

-- Rows of a kilobyte leave no use for a third of their page: a row that ends never uses it. Without the
-- room, a changed row goes to another page, whose free space vacuum finds again; it has to come before a fifth of a large table is
-- dead, which is where it waits by default.
alter table activation.activation set (fillfactor = 100, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000);
alter table service_inventory.service set (fillfactor = 100, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000);
alter table service_ordering.service_order set (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000);
alter table order_management.product_order set (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000);
alter table product_inventory.product set (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000);

-- The id is derived from the business key, so the primary key is its uniqueness already.
alter table activation.activation drop constraint activation_business_key_key;
comment on column activation.activation.business_key is 'Order, item, action: the effect is done once, because the id is derived from it.';

-- A message's type is 37 of the 164 bytes of its row in the inbox. Types have numbers; rows of before, and of types without one, have names.
create table platform.message_type (
  id   integer generated always as identity primary key,
  name text not null unique
);
comment on table platform.message_type is 'Numbers of message types, given when a process first handles one.';
alter table platform.inbox add column type_id integer;
comment on column platform.inbox.type is 'Null where type_id says it: read platform.journal.';
create view platform.journal as
  select consumer, message_id, attempt, received_at, correlation_id, causation_id, coalesce(type, known.name) as type, about,
         published_at, outcome, reason, again_at
  from platform.inbox left join platform.message_type known on known.id = type_id;
comment on view platform.journal is 'The inbox with names of types: what was handled, and what became of it.';
