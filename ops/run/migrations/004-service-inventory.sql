create schema if not exists service_inventory;

create table service_inventory.service (
  id         text primary key,
  revision   bigint not null check (revision > 0),
  state      text not null,
  doc        jsonb not null,
  deleted    boolean not null default false,
  updated_at timestamptz not null default now()
) with (fillfactor = 80);
comment on table service_inventory.service is 'The authoritative deployed state; its worker is the only writer. The doc carries claim and waiting claims.';
