import { z } from 'zod';
import type { Database } from './database.ts';
import { callBody, type Finished, type Work } from './exchange.ts';

/** How an outside operator deals with what it takes on. */
export const pace = z.strictObject({
  /** Milliseconds until work is done; null: never by itself. */
  afterMs: z.number().min(0).max(86_400_000).nullable(),
  /** Done, or given up after all. */
  outcome: z.enum(['done', 'refused']).default('done'),
  code: z.string().min(1).max(100).default('cannot-deliver'),
  reason: z.string().min(1).max(500).default('the site cannot be connected'),
  /** `early`: at once, before the order itself is answered. `lost`: it never gets through. */
  callback: z.enum(['once', 'twice', 'lost', 'early']).default('once'),
  /** Delivered although it was ceased meanwhile: the technician was on the way. */
  despiteCease: z.boolean().default(false),
});
export type Pace = z.output<typeof pace>;

/** As it is set: what is left out is as usual. */
export const paceSetting = pace.partial({ afterMs: true });
export type PaceSetting = z.output<typeof paceSetting>;

/** Work that was taken on, and what became of it. Instants are milliseconds. */
export type Delivery = Work & {
  pace: Pace;
  dueAt: number | null;
  state: 'open' | Finished['state'];
  /** Facts of what is done, or the refusal. */
  told: Record<string, unknown> | null;
  callbackUrl: string | null;
  /** When to call back next; null: nobody is to be called back (any more). */
  callAt: number | null;
  /** Calls back that were made, and those that were answered with 2xx. */
  calls: number;
  answered: number;
};

export type DeliveriesStore = ReturnType<typeof deliveriesStore>;

/** What outside operators took on, and how they are told to deal with it. */
export function deliveriesStore({ sql }: Database) {
  return {
    pace(fallback: Pace): Pace {
      const row = sql.get`select pace from pace`;
      return row === undefined ? fallback : pace.parse(JSON.parse(String(row['pace'])));
    },

    setPace(set: Pace): void {
      sql.run`insert into pace (only, pace) values (1, ${JSON.stringify(set)})
              on conflict (only) do update set pace = excluded.pace`;
    },

    add({ manager, operation, call, pace: dealt, dueAt, callbackUrl }: Delivery): void {
      sql.run`
        insert into delivery (manager, reference, operation, service_ref, parameters, callback_url, pace, due_at, state)
        values (${manager}, ${call.reference}, ${operation}, ${call.serviceRef}, ${JSON.stringify(call.parameters)},
                ${callbackUrl}, ${JSON.stringify(dealt)}, ${dueAt}, 'open')
        on conflict (manager, reference) do nothing`;
    },

    get(manager: string, reference: string): Delivery | undefined {
      const row = sql.get`select * from delivery where manager = ${manager} and reference = ${reference}`;
      return row === undefined ? undefined : deliveryOf(row);
    },

    all: (): Delivery[] => sql.all`select * from delivery order by manager, reference`.map(deliveryOf),

    finished({ manager, call }: Delivery, finished: Finished, callAt: number | null): void {
      const told = 'told' in finished ? JSON.stringify(finished.told) : null;
      sql.run`update delivery set state = ${finished.state}, told = ${told}, due_at = null, call_at = ${callAt}
              where manager = ${manager} and reference = ${call.reference}`;
    },

    called({ manager, call }: Delivery, isAnswered: boolean, callAt: number | null): void {
      sql.run`update delivery set calls = calls + 1, answered = answered + ${isAnswered ? 1 : 0}, call_at = ${callAt}
              where manager = ${manager} and reference = ${call.reference}`;
    },

    forget(): void {
      sql.run`delete from delivery`;
      sql.run`delete from pace`;
    },
  };
}

function deliveryOf(row: Record<string, unknown>): Delivery {
  const instant = (value: unknown) => (typeof value === 'number' ? value : null);
  const { told, callback_url: url } = row;
  return {
    manager: String(row['manager']),
    operation: String(row['operation']),
    call: callBody.parse({
      reference: row['reference'],
      serviceRef: row['service_ref'],
      parameters: JSON.parse(String(row['parameters'])) as unknown,
    }),
    pace: pace.parse(JSON.parse(String(row['pace']))),
    dueAt: instant(row['due_at']),
    state: String(row['state']) as Delivery['state'],
    told: typeof told === 'string' ? (JSON.parse(told) as Record<string, unknown>) : null,
    callbackUrl: typeof url === 'string' ? url : null,
    callAt: instant(row['call_at']),
    calls: Number(row['calls']),
    answered: Number(row['answered']),
  };
}
