import { z } from 'zod';
import { activateItem, stepDirections } from '../../contracts/messages/activation.ts';
import { characteristics, failure, resource } from '../../contracts/messages/values.ts';
import type { DueRows } from '../../ops/platform/messaging/alarm.store.ts';
import type { Aggregate } from '../../ops/platform/messaging/handler.ts';
import { documentsOf } from '../../ops/platform/messaging/own-rows.ts';
import type { Activation } from './activation.state.ts';
import { entryStates, phases } from './activation.machine.ts';

/** The stored document. An attribute that is added is optional: rows of the release before do not have it. */
const stored = z.object({
  id: z.string(),
  revision: z.int(),
  command: activateItem.schema,
  phase: z.enum(phases),
  entries: z.array(
    z.object({
      step: z.string(),
      platform: z.string(),
      direction: z.enum(stepDirections),
      values: z.enum(['requested', 'previous']),
      state: z.enum([...entryStates, 'queued']),
      generation: z.int(),
      attempt: z.int(),
      openedBy: z.int().optional(),
      failures: z.int(),
      uncertainSince: z.string().optional(),
      failure: failure.optional(),
      deadlineAt: z.string().optional(),
      answered: z.boolean().optional(),
      log: z
        .array(
          z.object({
            what: z.enum(['call', 'read', 'poll', 'answer']),
            at: z.string(),
            endedAt: z.string().optional(),
            result: z.string().optional(),
            reason: z.string().optional(),
          }),
        )
        .optional(),
    }),
  ),
  position: z.int(),
  characteristics,
  resources: z.array(resource),
  sequence: z.int(),
  failure: failure.optional(),
  turned: z.boolean().optional(),
  cancelling: z
    .object({ round: z.int(), stage: z.enum(['assessed', 'abandoned', 'proceeding']), claimNumber: z.int() })
    .optional(),
  origin: z.object({ messageId: z.string(), traceparent: z.string().optional() }).optional(),
});
const documentOf = documentsOf('activation.activation', stored);

/** Until steps were called by the change before them, an entry was queued first: not called yet, and due without its message. */
const known = ({ state, ...entry }: z.output<typeof stored>['entries'][number]) => ({
  ...entry,
  state: state === 'queued' ? ('waiting' as const) : state,
});

/** The business key in words, for people who look at the table. */
const businessKey = ({ command }: Activation): string =>
  JSON.stringify([command.orderId, command.itemId, command.action]);

/** Activations, one row each, with the open intent in the row: its lease is `due_at`, its fence the entry's attempt. */
export function activations(committed: NonNullable<Aggregate<Activation>['committed']>): Aggregate<Activation> {
  return {
    name: 'activation',
    key: (activation) => activation.id,
    async load(tx, ids) {
      if (ids.length === 0) return new Map();
      const rows = await tx<{ id: string; doc: unknown; due_at: Date | null }[]>`
        select id, doc, due_at from activation.activation where id = any(${ids as string[]}::uuid[]) order by id for update`;
      return new Map(
        rows.map((row): [string, Activation] => {
          const doc = documentOf(row);
          return [doc.id, { ...doc, entries: doc.entries.map(known), readAt: doc.revision, dueAt: row.due_at }];
        }),
      );
    },
    save(tx, states) {
      const docs = states.map(({ dueAt: _column, readAt: _read, ...doc }) => JSON.stringify(doc));
      const statement = tx`
        insert into activation.activation (id, business_key, service_type, revision, phase, due_at, platform, doc, updated_at)
        select *, now() from unnest(
          ${states.map((s) => s.id)}::uuid[],
          ${states.map(businessKey)}::text[],
          ${states.map((s) => s.command.serviceType)}::text[],
          ${states.map((s) => s.revision)}::bigint[],
          ${states.map((s) => s.phase)}::text[],
          ${states.map((s) => s.dueAt?.toISOString() ?? null)}::text[]::timestamptz[],
          ${states.map((s) => (s.dueAt === null ? null : (s.entries[s.position]?.platform ?? null)))}::text[],
          ${docs}::text[]::jsonb[]
        )
        on conflict (id) do update set
          revision = excluded.revision, phase = excluded.phase, due_at = excluded.due_at, platform = excluded.platform,
          doc = excluded.doc, updated_at = excluded.updated_at`;
      return [statement];
    },
    committed,
    origin: ({ command, origin }) => ({
      correlationId: command.orderId,
      causationId: origin?.messageId,
      traceparent: origin?.traceparent,
    }),
  };
}

/**
 * Activations of a service type whose lease or waiting time is over.
 *
 * @param heldOff platforms that are not to be called now: what waits for them waits on
 */
export const activationRows = (serviceType: string, heldOff: () => readonly string[]): DueRows => ({
  table: 'activation.activation',
  among: (sql) =>
    sql`service_type = ${serviceType} and (platform is null or platform <> all(${heldOff() as string[]}))`,
});
