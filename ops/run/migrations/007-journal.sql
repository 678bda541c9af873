-- The inbox row, which every handled message writes already, becomes the journal: what an order's way through the fleet
-- is told from. Rows of earlier releases, and those a rolling deployment still writes, have none of it.
alter table platform.inbox
  add column correlation_id uuid,                                 -- the order (or service) the message is about
  add column causation_id   uuid,                                 -- the message that caused it
  add column type           text,                                 -- message name with version
  add column about          text,                                 -- what within the order: an item, or <activation>.<position>
  add column published_at   timestamptz,                          -- by the publisher's clock; received_at is the database's
  add column outcome        text,                                 -- null is the rule: done. Else retry, later, parked, deadLettered
  add column reason         text,                                 -- why it is not done
  add column again_at       timestamptz;                          -- retry, later: when it comes again
create index inbox_correlation on platform.inbox (correlation_id) where correlation_id is not null;

-- All activations of an order: the business key begins with the order's id.
create index activation_of_order on activation.activation (business_key text_pattern_ops);
-- What is held, without reading what is not.
create index activation_stalled on activation.activation (service_type) where phase = 'stalled';
