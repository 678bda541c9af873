create schema if not exists order_management;

create table order_management.product_order (
  id         text primary key,
  revision   bigint not null check (revision > 0),
  state      text not null,
  due_at     timestamptz,                                          -- when to look again at what was asked of others
  doc        jsonb not null,                                       -- what was ordered, the plan it came to, how far it got, and its audit
  deleted    boolean not null default false,
  updated_at timestamptz not null default now()
) with (fillfactor = 100, toast_tuple_target = 8160);
create index product_order_due on order_management.product_order (due_at) where due_at is not null;
create table order_management.rule (
  specification_id      text not null,
  specification_version text not null,
  version               text not null,
  revision              bigint not null check (revision > 0),
  bundles               text[] not null,                           -- product specifications that its bundled products have
  doc                   jsonb not null,
  primary key (specification_id, specification_version, version)
);
comment on table order_management.rule is 'How products are realized. A version is written once; the newest active one of a specification counts for new orders.';

create table order_management.recovery_policy (
  service_type text not null,
  revision     bigint not null check (revision > 0),
  doc          jsonb not null,
  primary key (service_type, revision)
);
comment on table order_management.recovery_policy is 'What to do when a service order goes wrong. Orders keep those they were accepted under.';

create table order_management.correction (
  service_id text primary key,
  revision   bigint not null check (revision > 0),                 -- of the service, as it was told last
  doc        jsonb not null
);
comment on table order_management.correction is 'Repairs that were asked for of services that had been delivered: so often at most as their policy has it.';
