import { type GivenUp, purgedCode } from '../../contracts/messages/given-up.ts';
import type { JsonObject } from '../../contracts/tmf/common.ts';
import type { Transaction } from '../../ops/platform/database.ts';
import type { Statement } from '../../ops/platform/messaging/pipelined.ts';

/** How one resource shows that a message about it was given up: an element of one of its lists. */
export interface Alert {
  readonly resource: string;
  readonly attribute: string;
  readonly element: JsonObject;
}

/** What is written of a message that was given up. */
export interface Telling {
  readonly givenUp: GivenUp;
  readonly alerts: readonly Alert[];
}

/**
 * Shows alerts on the views they are about: of an order that nobody has answered, which is `held` then, and of any other.
 * The next revision of its owner replaces the document, and the alert with it. A message that is handled after all, because its
 * letter was replayed before this was heard or because the purge of its queue came too late, is no alert any more.
 */
export function alertViews(tx: Transaction, told: readonly Telling[]): readonly Statement[] {
  const rows = told.flatMap(({ givenUp, alerts }) => alerts.map((alert) => ({ ...alert, givenUp })));
  if (rows.length === 0) return [];
  return [
    tx`
      update gateway.view v
      set doc = shown.doc || jsonb_build_object(
            shown.attribute, coalesce(shown.doc -> shown.attribute, '[]') || shown.elements)
          || case when v.revision = 0 then '{"state": "held"}'::jsonb else '{}' end,
          state = case when v.revision = 0 then 'held' else v.state end
      from (
        select resource, id, attribute, jsonb_agg(element) as elements,
               (select coalesce(w.doc, s.document::jsonb)
                from gateway.view w left join gateway.submitted s using (resource, id)
                where w.resource = one.resource and w.id = one.id) as doc
        from unnest(
          ${rows.map(({ resource }) => resource)}::text[],
          ${rows.map(({ givenUp }) => givenUp.subject)}::text[],
          ${rows.map(({ attribute }) => attribute)}::text[],
          ${rows.map(({ element }) => JSON.stringify(element))}::text[]::jsonb[],
          ${rows.map(({ givenUp }) => givenUp.messageId)}::uuid[],
          ${rows.map(({ givenUp }) => givenUp.queue)}::text[],
          ${rows.map(({ givenUp }) => givenUp.code)}::text[]
        ) as one (resource, id, attribute, element, message_id, queue, code)
        where case when one.code = ${purgedCode}
          then not exists (select from platform.inbox i where i.consumer = one.queue and i.message_id = one.message_id)
          else exists (
            select from platform.letter l
            where l.message_id = one.message_id and l.queue = one.queue and l.ended_at is null) end
        group by resource, id, attribute
      ) shown
      where v.resource = shown.resource and v.id = shown.id and not v.deleted`,
  ];
}

/** Answers whoever waits for a command that was given up. */
export function refuseGivenUp(tx: Transaction, told: readonly Telling[]): readonly Statement[] {
  const awaited = told.flatMap(({ givenUp }) => (givenUp.awaited ? [givenUp] : []));
  if (awaited.length === 0) return [];
  const refusals = awaited.map(({ messageId, subject, code, reason }) => ({
    ...{ commandId: messageId, id: subject, kind: 'givenUp', code, reason },
  }));
  return [
    tx`
      insert into gateway.outcome (command_id, resource, resource_id, refusal)
      select * from unnest(
        ${awaited.map(({ messageId }) => messageId)}::uuid[],
        ${awaited.map(({ type }) => type)}::text[],
        ${awaited.map(({ subject }) => subject)}::text[],
        ${refusals.map((refusal) => JSON.stringify(refusal))}::text[]::jsonb[]
      ) on conflict (command_id) do nothing`,
  ];
}
