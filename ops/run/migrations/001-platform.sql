-- What every process stands on: outbox, inbox, crash counts, one breaker row per platform.
create schema if not exists platform;

create table platform.outbox (
  id           uuid primary key,                                  -- the row's, UUIDv7
  message_id   uuid not null,                                     -- a retry is another row of the same message
  exchange     text not null,                                     -- '' addresses a queue directly (retries, dead letters)
  routing_key  text not null,
  type         text not null,                                     -- message name with version
  headers      jsonb not null,
  body         text not null,
  created_at   timestamptz not null default now(),
  -- When the sweeper may take it. A fresh row is its writer's to publish for two seconds; a retry waits for its time;
  -- a row being swept is leased.
  available_at timestamptz not null default now() + interval '2 seconds',
  returned_at  timestamptz,                                       -- the broker had no queue for it: an alarm until it has
  return_text  text
) with (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_cost_delay = 0);
comment on table platform.outbox is 'Messages committed and not yet confirmed by the broker. A confirmed one is deleted.';
create index outbox_available on platform.outbox (available_at);
create index outbox_returned on platform.outbox (returned_at) where returned_at is not null;

create table platform.inbox (
  consumer    text not null,                                      -- the queue it was taken from
  message_id  uuid not null,
  attempt     integer not null check (attempt > 0),
  received_at timestamptz not null default now(),
  primary key (consumer, message_id, attempt)
);
comment on table platform.inbox is 'Messages whose effect is committed. Kept longer than the longest replay window (30 days).';
create index inbox_received on platform.inbox using brin (received_at);

create table platform.crash (
  consumer   text not null,
  message_id uuid not null,
  crashes    integer not null check (crashes > 0),
  last_at    timestamptz not null default now(),
  primary key (consumer, message_id)
);
comment on table platform.crash is 'Counted before a suspect message is handled alone, removed after: at three it is parked.';

create table platform.breaker (
  platform    text primary key,
  state       text not null check (state in ('closed', 'open', 'ramping')),
  changed_at  timestamptz not null default now(),
  probe_at    timestamptz,                                        -- open: when one process of the fleet may probe next
  probes      integer not null default 0,                         -- unanswered so far: they space out
  reason      text,
  check ((state = 'open') = (probe_at is not null))
);
comment on table platform.breaker is 'The fleet''s one opinion of each platform.';
