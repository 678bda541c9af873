create schema if not exists activation;

create table activation.activation (
  id           uuid primary key,                                   -- UUIDv5 of the business key
  business_key text not null unique,                               -- order, item, action: the effect is done once
  service_type text not null,
  revision     bigint not null check (revision > 0),
  phase        text not null,
  due_at       timestamptz,                                        -- the open intent's lease, retry or read-back time
  doc          jsonb not null,
  updated_at   timestamptz not null default now()
) with (fillfactor = 70);
create index activation_due on activation.activation (service_type, due_at) where due_at is not null;
comment on column activation.activation.due_at is 'By the database''s clock. An expired lease means: outcome unknown, read back before calling again.';
