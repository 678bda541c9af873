import type { JsonObject } from '../../contracts/tmf/common.ts';
import type { Database } from '../../ops/platform/database.ts';
import type { Publication } from '../../ops/platform/messaging/envelope.ts';
import { insertMessage } from '../../ops/platform/messaging/message.store.ts';
import type { ViewColumns } from '../tmf630/view-row.ts';
import type { ResourceDescriptor } from '../tmf630/descriptor.ts';

/** A key as it is stored, with whatever is known of its request. */
export interface KnownKey {
  readonly bodyHash: string;
  readonly resourceId: string;
  readonly commandId: string | null;
  readonly response: unknown;
  /** Another request under the key waits for the outcome right now. */
  readonly inFlight: boolean;
}

/** An Idempotency-Key on its way in. */
export interface NewKey {
  readonly scope: string;
  readonly bodyHash: string;
  /** The answer, where it is known already. */
  readonly response: unknown;
  readonly waitMs: number;
}

/** A create that is accepted at once. */
export interface Submission {
  readonly resource: ResourceDescriptor;
  readonly id: string;
  /** As it is shown until its owner answers, as JSON: what the client sent, acknowledged. */
  readonly text: string;
  readonly columns: ViewColumns;
  /** The command: it goes to one queue, which its routing key names. */
  readonly message: Publication;
  readonly key: NewKey | undefined;
}

/**
 * Accepts any number of creates in one statement: document, view, idempotency key, command; a key's insertion gates the rest
 * of its create. The document is written once: its view has none of its own until its owner answers.
 *
 * @returns the ids that were accepted; of the others the key is known already, and nothing of them was written
 */
export async function submitAll(sql: Database, submissions: readonly Submission[]): Promise<Set<string>> {
  const views = submissions.map(({ columns }) => columns);
  const keys = submissions.map(({ key }) => key);
  const messages = submissions.map(({ message }) => message);
  // Keys are claimed in order, or two gateways that claim the same ones could each wait for the other.
  const rows = await sql<{ id: string }[]>`
    with submission as (
      select * from unnest(
        ${submissions.map(({ resource }) => resource.name)}::text[],
        ${submissions.map(({ id }) => id)}::text[],
        string_to_array(${submissions.map(({ text }) => text).join('\n')}::text, E'\\n'),
        ${views.map((view) => view.state)}::text[],
        ${views.map((view) => view.external_id)}::text[],
        ${views.map((view) => view.category)}::text[],
        string_to_array(${lines(views.map((view) => view.party_ids))}::text, E'\\n'),
        ${views.map((view) => view.created_at)}::text[]::timestamptz[],
        ${messages.map(({ id }) => id)}::uuid[],
        ${messages.map(({ exchange }) => exchange)}::text[],
        ${messages.map(({ routingKey }) => routingKey)}::text[],
        ${messages.map(({ type }) => type)}::text[],
        string_to_array(${lines(messages.map(({ envelope }) => envelope))}::text, E'\\n'),
        string_to_array(${messages.map(({ body }) => body).join('\n')}::text, E'\\n'),
        ${keys.map((key) => key?.scope ?? null)}::text[],
        ${keys.map((key) => key?.bodyHash ?? null)}::text[],
        string_to_array(${lines(keys.map((key) => key?.response ?? null))}::text, E'\\n')
      ) as one (resource, id, document, state, external_id, category, party_ids, created_at,
                message_id, exchange, routing_key, type, headers, body, scope, body_hash, response)
    ), claimed as (
      insert into gateway.idempotency (scope, body_hash, resource, resource_id, command_id, response, waiting_until)
      select scope, body_hash, resource, id, message_id, response::jsonb, now()
      from submission where scope is not null order by scope
      on conflict do nothing
      returning command_id
    ), accepted as (
      select * from submission where scope is null or message_id in (select command_id from claimed)
    ), document as (
      insert into gateway.submitted (resource, id, document)
      select resource, id, document::json from accepted
    ), shown as (
      insert into gateway.view (resource, id, revision, state, external_id, category, party_ids, created_at)
      select resource, id, 0, state, external_id, category,
             array(select jsonb_array_elements_text(party_ids::jsonb)), created_at
      from accepted
    ), sent as (
      insert into platform.message (message_id, queue, attempt, exchange, routing_key, type, headers, body)
      select message_id, routing_key, 1, exchange, routing_key, type, headers::json, body from accepted
    )
    select id from accepted`;
  return new Set(rows.map((row) => row.id));
}

/**
 * Documents as one text, one to a line: JSON text has no line break of its own. In an array of texts every quote of
 * every document would be escaped once more, which cost the gateway more than the rest of the call.
 */
const lines = (documents: readonly unknown[]): string =>
  documents.map((document) => JSON.stringify(document)).join('\n');

/** A command whose outcome somebody waits for. */
export interface AwaitedCommand {
  readonly resource: ResourceDescriptor;
  readonly id: string;
  readonly message: Publication;
  /** The client's document as the command would leave it; it becomes the submitted one when the command succeeds. */
  readonly document: JsonObject | undefined;
  readonly key: NewKey | undefined;
}

/** Writes an awaited command, and under a key its claim; a further attempt of the same request replaces the claim's command. */
export async function sendAwaited(
  sql: Database,
  { resource, id, message, document, key }: AwaitedCommand,
): Promise<void> {
  await sql`
    with key as (
      update gateway.idempotency
      set command_id = ${message.id}::uuid, waiting_until = now() + make_interval(secs => ${(key?.waitMs ?? 0) / 1000})
      where scope = ${key?.scope ?? ''}
    ), pending as (
      insert into gateway.pending_document (command_id, resource, id, document)
      select ${message.id}::uuid, ${resource.name}, ${id}, ${JSON.stringify(document ?? null)}::text::jsonb
      where ${document !== undefined}
    )
    ${insertMessage(sql, message)}`;
}

/**
 * Claims a key for a request that will wait for an outcome.
 *
 * @returns undefined when the key is ours now; else what is known of it
 */
export async function claimKey(
  sql: Database,
  resource: string,
  id: string,
  key: NewKey,
): Promise<KnownKey | undefined> {
  const claimed = await sql`
    insert into gateway.idempotency (scope, body_hash, resource, resource_id, waiting_until)
    values (${key.scope}, ${key.bodyHash}, ${resource}, ${id}, now() + make_interval(secs => ${key.waitMs / 1000}))
    on conflict do nothing returning 1`;
  return claimed.count > 0 ? undefined : readKey(sql, key.scope);
}

export async function readKey(sql: Database, scope: string): Promise<KnownKey | undefined> {
  const [row] = await sql<KnownKey[]>`
    select body_hash as "bodyHash", resource_id as "resourceId", command_id as "commandId", response,
           waiting_until > now() as "inFlight"
    from gateway.idempotency where scope = ${scope}`;
  return row;
}

/** Takes over the waiting under a key nobody waits under. False when somebody was faster. */
export async function takeOverKey(sql: Database, scope: string, waitMs: number): Promise<boolean> {
  const taken = await sql`
    update gateway.idempotency set waiting_until = now() + make_interval(secs => ${waitMs / 1000})
    where scope = ${scope} and waiting_until <= now() and response is null`;
  return taken.count > 0;
}

/** Ends the waiting under a key with the answer to give again. */
export async function settleKey(sql: Database, scope: string, response: object): Promise<void> {
  await sql`
    update gateway.idempotency set waiting_until = now(), response = ${JSON.stringify(response)}::text::jsonb
    where scope = ${scope}`;
}

/** Ends the waiting under a key without an answer: the next request goes on from what was sent; if nothing was, the key is free. */
export async function releaseKey(sql: Database, scope: string): Promise<void> {
  await sql`
    with forgotten as (
      delete from gateway.idempotency where scope = ${scope} and command_id is null
    )
    update gateway.idempotency set waiting_until = now()
    where scope = ${scope} and command_id is not null and response is null`;
}

/** Forgets a key whose command was given up: the next request under it is a new one. */
export async function freeKey(sql: Database, scope: string): Promise<void> {
  await sql`delete from gateway.idempotency where scope = ${scope}`;
}
