-- One law of delivery (decision 022): a message is a row from its sender's commit to its receiver's commit.
create table platform.message (
  message_id     uuid not null,
  queue          text not null,                                    -- '': no queue of ours takes it; the broker's confirm ends the row
  attempt        integer not null check (attempt > 0),
  exchange       text not null,                                    -- '' addresses a queue directly: retries, repeats, dead letters
  routing_key    text not null,
  type           text not null,
  headers        json not null,
  body           text not null,
  created_at     timestamptz not null default now(),
  -- When a relay publishes it. A fresh row is its writer's to publish for ten seconds; a retry waits for its time; a row
  -- that a relay is publishing is leased. Null once it is handed over.
  due_at         timestamptz default now() + interval '10 seconds',
  handed_over_at timestamptz,                                      -- confirmed by the broker, and still here five seconds later
  passed_at      timestamptz,                                      -- its queue has since delivered what was published after it
  repeats        smallint not null default 0,                      -- how often it was taken for lost and published again
  returned_at    timestamptz,                                      -- it could not be published, an alarm until it is: return_text says why
  return_text    text,
  primary key (message_id, queue, attempt),
  check ((due_at is null) = (handed_over_at is not null)),
  check (passed_at is null or handed_over_at is not null),
  check ((returned_at is null) = (return_text is null))
) with (toast_tuple_target = 8160, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_cost_delay = 0);
comment on table platform.message is 'Messages committed by their sender and not yet by their receiver: one row for each queue.';
create index message_due on platform.message (due_at) where due_at is not null;
create index message_handed_over on platform.message (queue, handed_over_at) where handed_over_at is not null;
create index message_passed on platform.message (passed_at) where passed_at is not null;
create index message_returned on platform.message (returned_at) where returned_at is not null;

create table platform.marker (
  queue     text primary key,
  asked_at  timestamptz not null default now(),                    -- when the newest marker was sent into the queue
  passed_at timestamptz,                                           -- when a consumer met one of the queue's markers
  reach     timestamptz,                                           -- when that one was asked for: what was handed over before has passed
  check ((passed_at is null) = (reach is null))
);
comment on table platform.marker is 'Queues that are asked what they have lost, by a message that is sent through them.';

create table platform.letter (
  queue           text not null,                                   -- the work queue it fell out of, and goes back to
  message_id      uuid not null,
  attempt         integer not null check (attempt > 0),            -- the one that a replay makes
  type            text not null,
  headers         json not null,                                   -- the envelope with the context of the failure, as the copy carries it
  body            text,                                            -- null: too large to keep here, it lies in <queue>.dead
  correlation_id  text not null,
  code            text not null,
  reason          text not null,
  first_failed_at timestamptz not null,
  given_up_at     timestamptz not null default now(),
  ended_at        timestamptz,
  ended           text check (ended in ('replayed', 'discarded', 'settled')),
  primary key (message_id, queue, attempt),
  check ((ended_at is null) = (ended is null))
) with (toast_tuple_target = 8160);
comment on table platform.letter is 'Messages that were given up, until a person replays or discards them. <queue>.dead shows a copy of each.';
create index letter_open on platform.letter (queue, first_failed_at) where ended_at is null;
create index letter_correlation on platform.letter (correlation_id);
create index letter_ended on platform.letter (ended_at) where ended_at is not null;

comment on column gateway.view.ask_again_at is 'Read by the release before alone, which asks again by it. It goes with a later release, and its index.';
