-- An event that the broker has confirmed may still be lost with its queue: rows of those that must arrive stay until their consumer forgets them.
alter table platform.outbox add column patience_s integer;
comment on column platform.outbox.patience_s is 'Null: forgotten when confirmed. Else kept until seen: after so long it is published again, and the time doubles.';
comment on table platform.outbox is 'Messages committed and not yet confirmed by the broker, or not yet seen by the consumer they are kept for.';

-- What made up for lost events before.
drop table platform.herald, platform.standing, platform.unseen;
drop index service_ordering.service_order_updated;
drop index service_inventory.service_updated;
