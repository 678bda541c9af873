-- What the janitor finds that is past its keeping: rows of what was deleted, and repairs that nobody asks for any more.
create index view_deleted on gateway.view (updated_at) where deleted;
create index service_order_deleted on service_ordering.service_order (updated_at) where deleted;
create index service_deleted on service_inventory.service (updated_at) where deleted;
create index product_order_deleted on order_management.product_order (updated_at) where deleted;
create index product_deleted on product_inventory.product (updated_at) where deleted;

alter table order_management.correction add column updated_at timestamptz not null default now();
create index correction_updated on order_management.correction (updated_at);

comment on table gateway.view is
  'TMF-shaped read model, one table shape for every resource. What is projected can be made anew (patchbay views rebuild); a row at revision 0 cannot: it is an order that was answered 201.';
