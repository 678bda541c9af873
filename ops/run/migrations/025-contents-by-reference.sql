-- What never changes is kept once and referred to (decision 21): a service specification was a third to a half of each command to
-- begin an item, of each activation and of each service order, and was written again with each of their changes.
create table platform.content (
  digest     text collate "C" primary key,                         -- SHA-256 of the document's JSON, base64url
  doc        json not null,
  created_at timestamptz not null default now()
);
comment on table platform.content is 'Documents that never change, by digest. Written by whoever refers to one first, read by whoever meets the reference; never deleted.';
