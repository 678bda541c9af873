-- What an order leaves on disk. None of this rewrites a table: it holds for rows that are written from now on, and each lock lasts
-- only as long as the catalog's own change.

-- Documents of orders are 3 to 6 KB, and half of that is repetition: one or two rows fit into a page instead of three to five.
-- Compressed in the row (main), never beside it unless a page is too small; rows under 2 KB, and what accepting writes, stay as they
-- are. Short columns are main too, or PostgreSQL would move them out before it compresses the document.
alter table service_ordering.service_order
  alter column id set storage main,
  alter column state set storage main,
  alter column doc set storage main,
  reset (toast_tuple_target);
alter table activation.activation
  alter column business_key set storage main,
  alter column service_type set storage main,
  alter column phase set storage main,
  alter column doc set storage main,
  reset (toast_tuple_target);
alter table gateway.view
  alter column resource set storage main,
  alter column id set storage main,
  alter column state set storage main,
  alter column doc set storage main,
  alter column external_id set storage main,
  alter column category set storage main,
  alter column party_ids set storage main,
  reset (toast_tuple_target);

-- Two or three rows of a kilobyte and more to a page leave no use for a third of it: a row that ends never uses it. Without the
-- room, a changed row goes to another page, whose free space vacuum finds again; it has to come before a fifth of a large table is
-- dead, which is where it waits by default.
alter table activation.activation set (fillfactor = 100, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000);
alter table service_inventory.service set (fillfactor = 100, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000);
alter table service_ordering.service_order set (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000);
alter table order_management.product_order set (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000);
alter table product_inventory.product set (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000);

-- The id is derived from the business key, so the primary key is its uniqueness already.
alter table activation.activation drop constraint activation_business_key_key;
comment on column activation.activation.business_key is 'Order, item, action: the effect is done once, because the id is derived from it.';
