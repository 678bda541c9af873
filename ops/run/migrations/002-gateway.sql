-- The TMF boundary: what clients sent (durable), the read model (disposable), answers of awaited commands.
create schema if not exists gateway;

create table gateway.submitted (
  resource   text not null,
  id         text not null,
  document   jsonb not null,                                      -- as the client sent it, patches applied
  created_at timestamptz not null default now(),
  primary key (resource, id)
);
comment on table gateway.submitted is 'Never rebuilt: unknown attributes and whatever the workers do not keep live only here.';

create table gateway.view (
  resource     text not null,
  id           text collate "C" not null,
  revision     bigint not null check (revision >= 0),              -- 0: accepted, its owner has not answered yet
  state        text collate "C",
  doc          jsonb not null,
  external_id  text collate "C",
  category     text collate "C",
  party_ids    text[] not null default '{}',
  created_at   timestamptz,
  start_at     timestamptz,
  completed_at timestamptz,
  updated_at   timestamptz not null default now(),
  deleted      boolean not null default false,                     -- a tombstone: late facts of the deleted stay out
  primary key (resource, id)
) with (autovacuum_vacuum_scale_factor = 0.02, fillfactor = 80);
comment on table gateway.view is 'TMF-shaped read model, one table shape for every resource.';
-- A list is answered newest first unless asked otherwise; each filter TMF clients really use has its index.
create index view_created on gateway.view (resource, created_at, id) where not deleted;
create index view_state on gateway.view (resource, state, created_at, id) where not deleted;
create index view_external_id on gateway.view (resource, external_id) where not deleted;
create index view_category on gateway.view (resource, category, created_at, id) where not deleted;
create index view_start on gateway.view (resource, start_at, id) where not deleted;
create index view_completed on gateway.view (resource, completed_at, id) where not deleted;
create index view_parties on gateway.view using gin (party_ids) where not deleted;

create table gateway.outcome (
  command_id uuid primary key,
  resource   text not null,
  resource_id text not null,
  revision   bigint,
  refusal    jsonb,
  created_at timestamptz not null default now(),
  check ((revision is null) <> (refusal is null))
);
comment on table gateway.outcome is 'What became of an awaited command, written with the view it made.';
create index outcome_created on gateway.outcome using brin (created_at);

create table gateway.pending_document (
  command_id uuid primary key,
  resource   text not null,
  id         text not null,
  document   jsonb not null,
  created_at timestamptz not null default now()
);
comment on table gateway.pending_document is 'The client''s document as a PATCH would leave it: becomes the submitted one when its command succeeds.';

create table gateway.idempotency (
  scope        text primary key,                                   -- hash of client, method, path and key
  body_hash    text not null,
  resource     text not null,
  resource_id  text not null,
  command_id   uuid,
  response     jsonb,                                              -- status, headers, body once answered
  waiting_until timestamptz not null,                              -- one request at a time waits under a key
  created_at   timestamptz not null default now()
);
create index idempotency_created on gateway.idempotency using brin (created_at);
