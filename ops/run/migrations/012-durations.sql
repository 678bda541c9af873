create table service_ordering.duration (
  service_type text not null,
  action       text not null,
  samples      bigint not null check (samples > 0),
  typical_ms   double precision not null check (typical_ms >= 0),  -- moving average, from an item's start to its end
  updated_at   timestamptz not null default now(),
  primary key (service_type, action)
);
comment on table service_ordering.duration is 'What items took lately: where expectedCompletionDate comes from.';
