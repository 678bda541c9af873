-- Who looks for due rows leases what it takes, so that a row that cannot be handled goes to the back and its neighbours go on.
-- The lease stands beside due_at: due_at says when, is an open call's lease itself (decision record 1), and is read by decisions.
-- A lease is for the due_at it was taken for: whoever saves another due_at, of whatever release, has ended it.
alter table activation.activation add column alarm_for timestamptz, add column alarm_until timestamptz;
alter table service_ordering.service_order add column alarm_for timestamptz, add column alarm_until timestamptz;
alter table order_management.product_order add column alarm_for timestamptz, add column alarm_until timestamptz;
alter table product_inventory.product add column alarm_for timestamptz, add column alarm_until timestamptz;
alter table outside_ordering.outside_order add column alarm_for timestamptz, add column alarm_until timestamptz;
comment on column activation.activation.alarm_for is 'The due_at whose alarm was taken last.';
comment on column activation.activation.alarm_until is 'Until when that alarm is left to whoever took it, or is put off because it failed.';

-- The platform of the open entry: while it is held off, the row is not looked at. Null in rows of the release before.
alter table activation.activation add column platform text;
comment on column activation.activation.platform is 'Of the entry that is open; null when none is.';

-- Processes of the release before look by due_at, without an index until they are gone.
drop index activation.activation_due;
drop index service_ordering.service_order_due;
drop index order_management.product_order_due;
drop index product_inventory.product_due;
drop index outside_ordering.outside_order_due;
create index activation_alarm on activation.activation
  (service_type, (case when alarm_for = due_at then alarm_until else due_at end)) where due_at is not null;
create index service_order_alarm on service_ordering.service_order
  ((case when alarm_for = due_at then alarm_until else due_at end)) where due_at is not null;
create index product_order_alarm on order_management.product_order
  ((case when alarm_for = due_at then alarm_until else due_at end)) where due_at is not null;
create index product_alarm on product_inventory.product
  ((case when alarm_for = due_at then alarm_until else due_at end)) where due_at is not null;
create index outside_order_alarm on outside_ordering.outside_order
  ((case when alarm_for = due_at then alarm_until else due_at end)) where due_at is not null;

comment on table platform.crash is 'Counted before a suspect message is handled alone, removed after: at three it is parked. Failures of an alarm are counted under an id made of its row and its due_at.';
