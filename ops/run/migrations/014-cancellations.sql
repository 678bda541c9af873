-- Requests to cancel an order live in its row. As rows of their own, for whoever has to find one or notes what stands.
create index service_order_cancellations on service_ordering.service_order using gin ((doc -> 'cancellations') jsonb_path_ops)
  where doc -> 'cancellations' <> '[]';

create view service_ordering.cancellation as
  select one ->> 'id' as id, (one ->> 'revision')::bigint as revision, o.updated_at, one as doc
  from service_ordering.service_order o, jsonb_array_elements(o.doc -> 'cancellations') one
  where o.doc -> 'cancellations' <> '[]';
