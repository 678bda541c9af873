create schema if not exists service_ordering;

create table service_ordering.service_order (
  id         text primary key,
  revision   bigint not null check (revision > 0),
  state      text not null,
  due_at     timestamptz,                                          -- when to look again at what was asked of others
  doc        jsonb not null,                                       -- what was ordered, the specifications it runs by, how far it got
  deleted    boolean not null default false,
  updated_at timestamptz not null default now()
) with (fillfactor = 80);
create index service_order_due on service_ordering.service_order (due_at) where due_at is not null;

create table service_ordering.service_specification (
  id       text not null,
  version  text not null,
  revision bigint not null,
  doc      jsonb not null,
  primary key (id, version)
);
comment on table service_ordering.service_specification is 'Cache of the service catalog, by its events: a catalog that is down blocks nothing.';
