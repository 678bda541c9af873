-- Reads that went through a whole table.

-- A view's id has the collation "C". Compared with an id of another collation, no index of that one can be used: each look at an
-- accepted order read all that was ever submitted.
alter table gateway.submitted alter column id type text collate "C";
alter table gateway.pending_document alter column id type text collate "C";

-- Read by the projector for every batch, by the view it is of.
create index pending_document_view on gateway.pending_document (resource, id);

-- What the janitor looks for crashes by that are over.
create index crash_last on platform.crash (last_at);
