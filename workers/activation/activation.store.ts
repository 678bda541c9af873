import { z } from 'zod';
import { type ActivateItem, activateItem, stepDirections } from '../../contracts/messages/activation.ts';
import { characteristics, failure, resource } from '../../contracts/messages/values.ts';
import type { MessageVersions } from '../../contracts/messages/message.ts';
import { type ServiceSpecification, referenceTo, isReference } from '../../contracts/messages/service-catalog.ts';
import type { Contents } from '../../ops/platform/contents.store.ts';
import type { Queryable } from '../../ops/platform/database.ts';
import type { DueRows } from '../../ops/platform/messaging/alarm.store.ts';
import type { Aggregate } from '../../ops/platform/messaging/handler.ts';
import { documentsOf } from '../../ops/platform/messaging/own-rows.ts';
import type { Activation, Specified } from './activation.state.ts';
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

export interface ActivationRows {
  /** What rows and commands refer to. */
  readonly contents: Contents<ServiceSpecification>;
  /** `previous`: processes of the release before read the rows, and find specifications in them whole. */
  readonly versions?: MessageVersions | undefined;
  readonly committed?: Aggregate<Activation>['committed'];
}

/** Puts the specifications in that these commands refer to. */
export async function specifying(
  tx: Queryable,
  contents: Contents<ServiceSpecification>,
  commands: readonly ActivateItem[],
): Promise<(command: ActivateItem) => Specified> {
  const references = commands.map(({ specification }) => specification).filter(isReference);
  const found = await contents.find(
    tx,
    references.map(({ digest }) => digest),
  );
  return ({ specification, ...rest }) => {
    const whole = isReference(specification) ? found.get(specification.digest) : specification;
    if (whole === undefined) throw new Error(`item ${rest.itemId} of order ${rest.orderId} has no specification`);
    return { ...rest, specification: whole };
  };
}

/** Activations, one row each, with the open intent in the row: its lease is `due_at`, its fence the entry's attempt. */
export function activations({ contents, versions = 'current', committed }: ActivationRows): Aggregate<Activation> {
  const spelled = ({ dueAt: _column, readAt: _read, referred, command, ...doc }: Activation) => {
    const { specification } = command;
    const said = referred ?? referenceTo(specification, contents.digestOf(specification));
    return { ...doc, command: versions === 'previous' ? command : { ...command, specification: said } };
  };
  return {
    name: 'activation',
    key: (activation) => activation.id,
    async load(tx, ids) {
      if (ids.length === 0) return new Map();
      const rows = await tx<{ id: string; doc: unknown; due_at: Date | null }[]>`
        select id, doc, due_at from activation.activation where id = any(${ids as string[]}::uuid[]) order by id for update`;
      const docs = rows.map((row) => ({ ...documentOf(row), dueAt: row.due_at }));
      const whole = await specifying(
        tx,
        contents,
        docs.map(({ command }) => command),
      );
      return new Map(
        docs.map((doc): [string, Activation] => {
          const { specification } = doc.command;
          const referred = isReference(specification) ? specification : undefined;
          const command = whole(doc.command);
          return [doc.id, { ...doc, command, referred, entries: doc.entries.map(known), readAt: doc.revision }];
        }),
      );
    },
    save(tx, states) {
      const docs = states.map((state) => JSON.stringify(spelled(state)));
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
      const kept =
        versions === 'previous'
          ? []
          : states.flatMap(({ referred, command }) => (referred === undefined ? [command.specification] : []));
      return [...contents.inserts(tx, kept), statement];
    },
    ...(committed === undefined ? {} : { committed }),
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
