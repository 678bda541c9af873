-- An accepted create is written once: until its owner answers, what it shows is what was submitted.
alter table gateway.view alter column doc drop not null;
alter table gateway.view add constraint view_doc check (doc is not null or revision = 0) not valid;
comment on column gateway.view.doc is 'Null while revision is 0: then the submitted document is what is shown.';
comment on column gateway.submitted.document is 'As the client sent it, patches applied; with what the gateway said when it accepted it, such as its id, its date and its first state.';
