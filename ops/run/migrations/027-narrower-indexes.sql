-- outside a transaction
-- Indexes are built beside the traffic, which takes a minute or more on large tables; each step can be repeated after a failure.

-- What was handled is found by the message first: ids rise with time, so the index grows at one end and its pages are full. By the
-- consumer first it grew in as many places as there are consumers, each page half empty. Consumer and attempt are told apart by 64
-- bits of hash instead of some 30 bytes of text. The primary key goes, which nothing refers to.
drop index concurrently if exists platform.inbox_handled;
create unique index concurrently inbox_handled on platform.inbox (message_id, hashtextextended(consumer, attempt));
alter table platform.inbox drop constraint if exists inbox_pkey;

-- All activations of an order: three rows with one entry.
drop index concurrently if exists activation.activation_by_order;
create index concurrently activation_by_order on activation.activation (left(business_key, 39));
drop index concurrently if exists activation.activation_of_order;

-- Services have no such date, and are three rows of four. (A view's resource is always named, so the planner sees that no order is left out.)
drop index concurrently if exists gateway.view_by_created;
create index concurrently view_by_created on gateway.view (resource, created_at, id) where not deleted and resource <> 'service';
drop index concurrently if exists gateway.view_created;

-- Most rows have neither: services have no external id and seldom a category. They are filtered by, not sorted by.
drop index concurrently if exists gateway.view_by_category;
create index concurrently view_by_category on gateway.view (resource, category, created_at, id) include (state)
  where not deleted and category is not null;
drop index concurrently if exists gateway.view_category;
drop index concurrently if exists gateway.view_by_external_id;
create index concurrently view_by_external_id on gateway.view (resource, external_id) where not deleted and external_id is not null;
drop index concurrently if exists gateway.view_external_id;
