/** What a row of `gateway.view` shows. */
import type { Fragment } from 'postgres';

import type { Queryable } from '../../ops/platform/database.ts';

/** The row's document, as an SQL expression: its own, or the submitted one while there is no other. */
export const documentOf = (sql: Queryable): Fragment => sql`coalesce(doc, (
  select document::jsonb from gateway.submitted where submitted.resource = view.resource and submitted.id = view.id
))`;
