/** A worker of no domain: it adds up what it is told, in a table of its own, and misbehaves on request. */
import { z } from 'zod';
import { command, send } from '../../../contracts/messages/message.ts';
import { activatorQueue } from '../../../contracts/topology.ts';
import type { Database } from '../database.ts';
import { type Aggregate, type Handler, done, later, on, onMany, park } from './handler.ts';

export const add = command('test.add.v1', {
  body: z.object({
    id: z.string(),
    mode: z.enum(['ok', 'throw', 'park', 'later', 'unsavable', 'echo', 'unroutable', 'fallOut']).default('ok'),
  }),
  to: activatorQueue('test'),
  whenGivenUp: 'warn',
});

/** Concerns a thousand aggregates at once. */
export const spread = command('test.spread.v1', {
  body: z.object({ id: z.string() }),
  to: activatorQueue('test'),
  whenGivenUp: 'warn',
});
const spreadOver = 1_000;

export type Mode = z.output<typeof add.schema>['mode'];

interface Tally {
  readonly id: string;
  readonly messages: readonly string[];
}

export const createTally = (sql: Database) =>
  sql`create table tally (id text primary key, messages jsonb not null, note text)`;

/** How often, and by which messages, each tally was told something. */
export async function tallies(sql: Database): Promise<Record<string, number>> {
  const rows = await sql<Tally[]>`select id, messages from tally order by id`;
  return Object.fromEntries(rows.map(({ id, messages }) => [id, messages.length]));
}

export interface TallyHooks {
  /** Called in a batch's transaction when it has its claims and locks. */
  readonly claimed?: () => Promise<void>;
  readonly deciding?: (id: string, now: Date) => void;
  readonly committed?: (tallies: readonly Tally[]) => void;
}

const unsavable = 'cannot be saved';
const lateMs = 50;

export function tallyHandlers({ claimed, deciding, committed }: TallyHooks = {}): Handler[] {
  const waited = new Set<string>();
  const of: Aggregate<Tally> = {
    name: 'tally',
    key: (tally) => tally.id,
    async load(tx, ids) {
      const rows = await tx<
        Tally[]
      >`select id, messages from tally where id = any(${ids as string[]}) order by id for update`;
      return new Map(rows.map((tally) => [tally.id, tally]));
    },
    save(tx, all) {
      if (all.some(({ id }) => id.startsWith('unsavable'))) throw new Error(unsavable);
      return all.map(
        ({ id, messages }) => tx`
          insert into tally (id, messages)
          select ${id}, ${JSON.stringify(messages)}::text::jsonb from pg_sleep(${id === 'slow' ? 600 : 0})
          on conflict (id) do update set messages = excluded.messages`,
      );
    },
    ...(committed === undefined ? {} : { committed: (all: readonly unknown[]) => committed(all as Tally[]) }),
  };
  return [
    onMany(spread, {
      of: { ...of, name: 'spread' },
      keys: ({ id }) => Array.from({ length: spreadOver }, (_, at) => `${id}-${at}`),
      decide: (_, { id, body }) => done({ save: [{ id: body.id, messages: [id] }] }),
    }),
    on(add, {
      of,
      key: (body) => body.id,
      async context(tx) {
        if (claimed === undefined) return;
        await tx`select`;
        await claimed();
      },
      decide(known, { id, body, now }) {
        deciding?.(body.id, now);
        const told = { id: body.id, messages: [...(known?.messages ?? []), id] };
        switch (body.mode) {
          case 'throw':
            throw new RangeError(`${body.id} cannot be decided`);
          case 'park':
            return park('notForMe', 'A person must look at this.');
          case 'later':
            if (waited.has(id)) return done({ save: [told] });
            waited.add(id);
            return later(new Date(now.getTime() + lateMs));
          case 'echo':
            return done({ save: [told], send: [send(add, { id: `${body.id} echoed`, mode: 'ok' })] });
          case 'unroutable':
            return done({ save: [told], send: [{ definition: { ...add, route: () => 'nobody' }, body }] });
          case 'fallOut':
            return done({
              save: [told],
              fallOut: [{ message: send(add, { id: body.id, mode: 'ok' }), code: 'stuck', reason: 'It is stuck.' }],
            });
          case 'unsavable':
          case 'ok':
            return done({ save: [told] });
          default:
            return body.mode satisfies never;
        }
      },
    }),
  ];
}
