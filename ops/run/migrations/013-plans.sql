-- A command that changes nothing has no revision to answer with: a plan is its whole answer.
alter table gateway.outcome
  add column result jsonb,
  drop constraint outcome_check,
  add constraint outcome_is_one_of check (num_nonnulls(revision, refusal, result) = 1);
comment on column gateway.outcome.result is 'The answer to a command that made no revision.';
