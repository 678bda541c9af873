-- What makes up for messages that were confirmed and then lost with their queue (decision 007).

-- Accepted and not answered: the command is sent again under the same business key when this passes.
alter table gateway.view add column ask_again_at timestamptz not null default now() + interval '30 seconds';
comment on column gateway.view.ask_again_at is 'Counts while revision is 0. By the database''s clock; it moves on with each time of asking, ever further.';
create index view_unanswered on gateway.view (ask_again_at) where revision = 0;

create table platform.herald (
  resource text primary key,
  through  timestamptz not null                                    -- everything that changed up to here was noted
);
comment on table platform.herald is 'How far each owner has noted what stands; locked by the one process whose turn it is.';

create table platform.standing (
  seq       bigint generated always as identity primary key,
  resource  text not null,
  ids       text[] not null,
  revisions bigint[] not null,
  noted_at  timestamptz not null default now(),
  check (cardinality(ids) = cardinality(revisions))
) with (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 200);
comment on table platform.standing is 'Pages of what an owner holds at which revision, noted once it stopped changing; read and removed by who shows it.';

create table platform.unseen (
  resource text not null,
  id       text collate "C" not null,
  revision bigint not null,
  ask_at   timestamptz not null default now(),                     -- when its owner shall say it again
  asked    integer not null default 0,
  primary key (resource, id)
);
comment on table platform.unseen is 'Aggregates whose newest event did not arrive where they are shown: their owner says it again until it does.';
create index unseen_ask on platform.unseen (resource, ask_at);

-- Recently changed rows lie in few pages; unlike a tree, this leaves updates in place.
create index service_order_updated on service_ordering.service_order using brin (updated_at) with (pages_per_range = 16, autosummarize = on);
create index service_updated on service_inventory.service using brin (updated_at) with (pages_per_range = 16, autosummarize = on);
