-- What people did to running orders, and why: one line each, never changed.
create table platform.audit (
  id      uuid primary key,
  at      timestamptz not null default now(),
  actor   text not null check (actor <> ''),
  verb    text not null,
  subject jsonb not null,                                          -- what it was done to, by ids
  reason  text
);
create index audit_at on platform.audit (at);
