/** Everything that can be thrown, mapped to what the client is told. One place, so that no failure has a body of its own. */
import { HTTPException } from 'hono/http-exception';
import postgres from 'postgres';
import { ZodError } from 'zod';

import { isDatabaseFault, isTooSlow } from '../../ops/platform/database.ts';
import { refuse, TmfError, unavailable } from './errors.ts';
import { describeIssues } from './issues.ts';

/** A SQLSTATE that a query can provoke by what it asks. */
const INVALID_REGULAR_EXPRESSION = '2201B';

/**
 * The refusal to answer with for anything thrown.
 * @returns an error whose status is 500 when the failure is ours and unexpected; the caller logs those with the cause
 */
export function toTmfError(thrown: unknown): TmfError {
  if (thrown instanceof TmfError) return thrown;
  if (thrown instanceof ZodError) return refuse('invalidBody', ...describeIssues(thrown.issues));
  if (thrown instanceof HTTPException) return fromHttpException(thrown);
  if (thrown instanceof postgres.PostgresError && thrown.code === INVALID_REGULAR_EXPRESSION)
    return refuse('invalidQuery', `A regular expression is not usable: ${thrown.message}.`, { cause: thrown });
  if (isDatabaseFault(thrown) || isTooSlow(thrown))
    return unavailable('The database cannot take the request at the moment.', 2, { cause: thrown });
  return internal(thrown);
}

function fromHttpException(thrown: HTTPException): TmfError {
  if (thrown.status >= 500) return internal(thrown);
  return new TmfError(thrown.status, 'invalidRequest', thrown.message || 'The request is not valid.', {
    cause: thrown,
  });
}

function internal(cause: unknown): TmfError {
  return refuse('internalError', 'Something failed on our side.', {
    message: 'The failure is in our log under the X-Request-Id of this answer. Nothing was half done: retry is safe.',
    cause,
  });
}
