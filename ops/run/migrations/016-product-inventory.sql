create schema if not exists product_inventory;

create table product_inventory.product (
  id          text primary key,
  revision    bigint not null check (revision > 0),
  family      text not null,                                       -- the outermost bundle it is part of, or itself
  status      text not null,
  claimed_by  text,                                                -- the product order that changes it now
  due_at      timestamptz,                                         -- when to compare it with its services
  doc         jsonb not null,                                      -- the product, as it was before its order, what is known of its services
  deleted     boolean not null default false,
  service_ids text[] not null,                                     -- the services that realize it
  updated_at  timestamptz not null default now()
) with (fillfactor = 80);
comment on table product_inventory.product is 'What customers have; its worker is the only writer.';
create index product_family on product_inventory.product (family);
create index product_claimed on product_inventory.product (claimed_by) where claimed_by is not null;
create index product_due on product_inventory.product (due_at) where due_at is not null;
-- Looked into for every change of any service; a list of pending entries would make that slow.
create index product_services on product_inventory.product using gin (service_ids) with (fastupdate = off);

create table product_inventory.known_order (
  id         text primary key,
  doc        jsonb not null,
  updated_at timestamptz not null default now()
);
comment on table product_inventory.known_order is 'What became of an order''s claims and its last record: a late command must neither claim nor write.';
