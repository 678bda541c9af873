-- outside a transaction
-- Indexes are built beside the traffic, which takes a minute or more on large tables; each step can be repeated after a failure.

-- What was handled is found by the message first: ids rise with time, so the index grows at one end and its pages are full. By the
-- consumer first it grew in as many places as there are consumers, each page half empty.
drop index concurrently if exists platform.inbox_message;
create unique index concurrently inbox_message on platform.inbox (message_id, consumer, attempt);
alter table platform.inbox drop constraint if exists inbox_pkey, add constraint inbox_pkey primary key using index inbox_message;

-- Most rows have neither: services have no external id and seldom a category. They are filtered by, not sorted by.
drop index concurrently if exists gateway.view_by_category;
create index concurrently view_by_category on gateway.view (resource, category, created_at, id) include (state)
  where not deleted and category is not null;
drop index concurrently if exists gateway.view_category;
drop index concurrently if exists gateway.view_by_external_id;
create index concurrently view_by_external_id on gateway.view (resource, external_id) where not deleted and external_id is not null;
drop index concurrently if exists gateway.view_external_id;
