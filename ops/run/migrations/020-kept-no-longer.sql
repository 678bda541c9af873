-- What the janitor looks for orders by that are done with their products.
create index known_order_updated on product_inventory.known_order using brin (updated_at);
