create schema if not exists outside_ordering;

create table outside_ordering.outside_order (
  id           uuid primary key,                                   -- of the service order: the business key, sent along as externalId
  service_type text not null,
  revision     bigint not null check (revision > 0),
  state        text not null,                                      -- as it was told last
  remote_id    text,                                               -- what the outside endpoint calls it
  due_at       timestamptz,                                        -- the open call's lease, or when the next one is made
  deadline_at  timestamptz not null,
  doc          jsonb not null,
  updated_at   timestamptz not null default now()
) with (fillfactor = 70);
create index outside_order_due on outside_ordering.outside_order (due_at) where due_at is not null;
comment on column outside_ordering.outside_order.due_at is 'By the database''s clock. An expired lease means: outcome unknown, read back before placing again.';
