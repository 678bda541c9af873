import type { JsonObject } from '../../contracts/tmf/common.ts';
import type { Database } from '../../ops/platform/database.ts';
import type { Publication } from '../../ops/platform/envelope.ts';
import { columnsOf } from './view-row.ts';
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
  /** As the client sent it. */
  readonly document: JsonObject;
  /** As it is shown until its owner answers. */
  readonly view: JsonObject;
  readonly message: Publication;
  readonly key: NewKey | undefined;
}

/**
 * Accepts in one statement: submitted document, first view, command in the outbox, idempotency key; the key's insertion
 * gates the rest.
 *
 * @returns false when the key is known already, and nothing was written
 */
export async function submit(
  sql: Database,
  { resource, id, document, view, message, key }: Submission,
): Promise<boolean> {
  const columns = columnsOf(resource, view);
  const [row] = await sql<{ accepted: boolean }[]>`
    with key as (
      insert into gateway.idempotency (scope, body_hash, resource, resource_id, command_id, response, waiting_until)
      select ${key?.scope ?? ''}, ${key?.bodyHash ?? ''}, ${resource.name}, ${id}, ${message.id}::uuid,
             ${JSON.stringify(key?.response ?? null)}::text::jsonb, now()
      where ${key !== undefined}
      on conflict do nothing
      returning 1
    ), gate as (
      select 1 where not ${key !== undefined} or exists (select from key)
    ), document as (
      insert into gateway.submitted (resource, id, document)
      select ${resource.name}, ${id}, ${JSON.stringify(document)}::text::jsonb from gate
    ), shown as (
      insert into gateway.view (resource, id, revision, doc, state, external_id, category, party_ids, created_at)
      select ${resource.name}, ${id}, 0, ${JSON.stringify(view)}::text::jsonb, ${columns.state}, ${columns.external_id},
             ${columns.category}, ${columns.party_ids as string[]}::text[], ${columns.created_at}::text::timestamptz
      from gate
    ), message as (
      insert into platform.outbox (id, message_id, exchange, routing_key, type, headers, body)
      select ${message.row}::uuid, ${message.id}::uuid, ${message.exchange}, ${message.routingKey}, ${message.type},
             ${JSON.stringify(message.envelope)}::text::jsonb, ${message.body}
      from gate
    )
    select exists (select from gate) as accepted`;
  return row?.accepted ?? false;
}

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
    insert into platform.outbox (id, message_id, exchange, routing_key, type, headers, body)
    select ${message.row}::uuid, ${message.id}::uuid, ${message.exchange}, ${message.routingKey}, ${message.type},
           ${JSON.stringify(message.envelope)}::text::jsonb, ${message.body}`;
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

/** Ends the waiting under a key: with the answer to give again, or without one, so that the next request tries anew. */
export async function settleKey(sql: Database, scope: string, response: unknown): Promise<void> {
  await sql`
    update gateway.idempotency set waiting_until = now(), response = ${JSON.stringify(response ?? null)}::text::jsonb
    where scope = ${scope}`;
}

/** Forgets a key whose request came to nothing before anything was sent. */
export async function forgetKey(sql: Database, scope: string): Promise<void> {
  await sql`delete from gateway.idempotency where scope = ${scope} and command_id is null`;
}
