import type { Database } from './database.ts';
import type { Facts, Holdings, Manager, Pool } from './manager.ts';

/** What one manager holds for one service. */
export type Held = { manager: string; serviceRef: string; holdings: Holdings };

/** A reference that took effect, as a read-back tells it. */
export type Applied = { operation: string; serviceRef: string; times: number; result: Facts };

export type HoldingsStore = ReturnType<typeof holdingsStore>;

/** What the network holds: holdings and their claims, the references that made them, the sequences they draw from. */
export function holdingsStore({ sql }: Database) {
  const number = (name: string): number =>
    Number(
      sql.get`insert into sequence (name, value) values (${name}, 1)
              on conflict (name) do update set value = value + 1 returning value`?.['value'],
    );

  const isClaimed = (manager: string, claim: string): boolean =>
    sql.get`select 1 as taken from claim where manager = ${manager} and claim = ${claim} limit 1` !== undefined;

  return {
    number,

    read(manager: string, serviceRef: string): Holdings {
      const row = sql.get`select held from holding where manager = ${manager} and service_ref = ${serviceRef}`;
      return row === undefined ? {} : (JSON.parse(String(row['held'])) as Holdings);
    },

    /** Replaces what a service holds, and its claims with it. */
    write(manager: Manager, serviceRef: string, before: Holdings, after: Holdings): void {
      const { name } = manager;
      const held = JSON.stringify(after);
      if (held === '{}') sql.run`delete from holding where manager = ${name} and service_ref = ${serviceRef}`;
      else
        sql.run`insert into holding (manager, service_ref, held) values (${name}, ${serviceRef}, ${held})
                on conflict (manager, service_ref) do update set held = excluded.held`;
      const claims = manager.claims(after);
      if (claims.join('\n') === manager.claims(before).join('\n')) return;
      sql.run`delete from claim where manager = ${name} and service_ref = ${serviceRef}`;
      for (const claim of new Set(claims))
        sql.run`insert into claim (manager, claim, service_ref) values (${name}, ${claim}, ${serviceRef})`;
    },

    otherHolderOf(manager: string, claim: string, serviceRef: string): string | undefined {
      const row = sql.get`select service_ref from claim
                          where manager = ${manager} and claim = ${claim} and service_ref <> ${serviceRef} limit 1`;
      return row === undefined ? undefined : String(row['service_ref']);
    },

    /**
     * The next free name of a pool, going round: what was released last is reused last, as operators like it (an
     * address that comes back at once meets stale caches), and finding one does not slow down as the pool fills.
     */
    free(manager: string, pool: Pool): string | undefined {
      for (let tried = 0; tried < pool.size; tried += 1) {
        const name = pool.at((number(pool.name) - 1) % pool.size);
        if (!isClaimed(manager, name)) return name;
      }
      return undefined;
    },

    /** Records that a reference took effect (again), and says how often it has. */
    recordReference(manager: string, reference: string, operation: string, serviceRef: string, result: Facts): number {
      const row = sql.get`
        insert into reference (manager, reference, operation, service_ref, times, result)
        values (${manager}, ${reference}, ${operation}, ${serviceRef}, 1, ${JSON.stringify(result)})
        on conflict (manager, reference) do update set times = times + 1, result = excluded.result
        returning times`;
      return Number(row?.['times']);
    },

    readReference(manager: string, reference: string): Applied | undefined {
      const row = sql.get`select operation, service_ref, times, result from reference
                          where manager = ${manager} and reference = ${reference}`;
      if (row === undefined) return undefined;
      return {
        operation: String(row['operation']),
        serviceRef: String(row['service_ref']),
        times: Number(row['times']),
        result: JSON.parse(String(row['result'])) as Facts,
      };
    },

    /** Everything held, by manager and service. */
    all(): Held[] {
      return sql.all`select manager, service_ref, held from holding order by manager, service_ref`.map((row) => ({
        manager: String(row['manager']),
        serviceRef: String(row['service_ref']),
        holdings: JSON.parse(String(row['held'])) as Holdings,
      }));
    },

    /** For how many services each manager holds something. */
    counts(): Record<string, number> {
      const rows = sql.all`select manager, count(*) as n from holding group by manager`;
      return Object.fromEntries(rows.map((row) => [String(row['manager']), Number(row['n'])]));
    },

    forget(): void {
      sql.run`delete from holding`;
      sql.run`delete from claim`;
      sql.run`delete from reference`;
      sql.run`delete from sequence`;
    },
  };
}
