import { type ActivateItem, stepDirections } from '../../contracts/messages/activation.ts';
import { type ServiceSpecification, referenceTo, isReference } from '../../contracts/messages/service-catalog.ts';
import { orderItemActions } from '../../contracts/states/service-order.ts';
import type { Contents } from '../../ops/platform/contents.store.ts';
import type { Queryable } from '../../ops/platform/database.ts';
import type { DueRows } from '../../ops/platform/messaging/alarm.store.ts';
import type { Aggregate } from '../../ops/platform/messaging/handler.ts';
import { documentsOf } from '../../ops/platform/messaging/own-rows.ts';
import { type Activation, type Specified, cancellingStages } from './activation.state.ts';
import { entryStates, phases } from './activation.machine.ts';

/** The stored document: an attribute that is added is optional, since rows of the release before do not have it. */
type Stored = Omit<Activation, 'command' | 'dueAt' | 'readAt' | 'referred'> & { readonly command: ActivateItem };
const documentOf = documentsOf<Stored>('activation.activation', ({ phase, entries, cancelling, command }) => [
  [phases, phase],
  [entryStates, ...entries.map(({ state }) => state)],
  [stepDirections, ...entries.map(({ direction }) => direction)],
  [cancellingStages, cancelling?.stage],
  [orderItemActions, command.action],
]);

/** The business key in words, for people who look at the table. */
const businessKey = ({ command }: Activation): string =>
  JSON.stringify([command.orderId, command.itemId, command.action]);

export interface ActivationRows {
  /** What rows and commands refer to. */
  readonly contents: Contents<ServiceSpecification>;
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
export function activations({ contents, committed }: ActivationRows): Aggregate<Activation> {
  const spelled = ({ dueAt: _column, readAt: _read, referred, command, ...doc }: Activation) => {
    const { specification } = command;
    const said = referred ?? referenceTo(specification, contents.digestOf(specification));
    return { ...doc, command: { ...command, specification: said } };
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
          return [doc.id, { ...doc, command, referred, readAt: doc.revision }];
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
      const kept = states.flatMap(({ referred, command }) => (referred === undefined ? [command.specification] : []));
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
