import type { Database } from './database.ts';
import type { CallOutcome, LedgerFilter, LedgerRow, LedgerSummary } from './ledger.ts';

export type LedgerStore = ReturnType<typeof ledgerStore>;

/** The record of every call, and the count of reads. */
export function ledgerStore({ sql }: Database) {
  return {
    append(row: Omit<LedgerRow, 'seq' | 'at'> & { at: number }): number {
      const { at, manager, operation, reference, serviceRef, effect, effects, outcome, status, code } = row;
      const { lastInsertRowid } = sql.run`
        insert into ledger (at, manager, operation, reference, service_ref, effect, effects, outcome, status, code, unknown, fault, rule)
        values (${at}, ${manager}, ${operation}, ${reference}, ${serviceRef}, ${effect ? 1 : 0}, ${effects},
                ${outcome}, ${status}, ${code}, ${row.unknown ? 1 : 0}, ${row.fault}, ${row.rule})`;
      return Number(lastInsertRowid);
    },

    /** A call that was cut off has taken effect, or been refused, after all. */
    amendLate(seq: number, effect: boolean, effects: number, code: string | null): void {
      sql.run`update ledger set effect = ${effect ? 1 : 0}, effects = ${effects}, code = ${code} where seq = ${seq}`;
    },

    /** The answer to this call was written but nobody was there to hear it. */
    markLost(seq: number): void {
      sql.run`update ledger set outcome = 'lost', status = null, unknown = 1
              where seq = ${seq} and outcome in ('answered', 'refused', 'throttled', 'error', 'wrong')`;
    },

    /** Marks as lost what was on record when the process died, but perhaps not yet answered. */
    markUnsettledLost(): void {
      sql.run`update ledger set outcome = 'lost', status = null, unknown = 1, fault = coalesce(fault, 'simulator-died')
              where seq > (select seq from settled)
                and outcome in ('answered', 'refused', 'throttled', 'error', 'wrong')`;
    },

    settleUpTo(seq: number): void {
      sql.run`update settled set seq = ${seq}`;
    },

    lastSeq(): number {
      return Number(sql.get`select coalesce(max(seq), 0) as seq from ledger`?.['seq']);
    },

    /** The rows asked for, oldest first. */
    rows(filter: LedgerFilter): LedgerRow[] {
      const { manager = null, operation = null, reference = null, serviceRef = null, since, limit = 1000 } = filter;
      return sql.all`
        select * from ledger
        where seq > ${since} and (${manager} is null or manager = ${manager})
          and (${operation} is null or operation = ${operation})
          and (${reference} is null or reference = ${reference})
          and (${serviceRef} is null or service_ref = ${serviceRef})
        order by seq limit ${limit}`.map(rowOf);
    },

    latest(limit: number): LedgerRow[] {
      return sql.all`select * from ledger order by seq desc limit ${limit}`.map(rowOf);
    },

    /** One line per reference, in the order of first calls. Calls too malformed to carry a reference are left out. */
    summary(filter: LedgerFilter): LedgerSummary[] {
      const { manager = null, operation = null, reference = null, serviceRef = null, since, limit = -1 } = filter;
      return sql.all`
        select reference, manager, operation, min(service_ref) as service_ref, count(*) as calls,
               sum(effect) as effects, sum(unknown) as unknowns,
               sum(outcome in ('refused', 'throttled')) as refusals
        from ledger
        where seq > ${since} and reference is not null
          and (${manager} is null or manager = ${manager})
          and (${operation} is null or operation = ${operation})
          and (${reference} is null or reference = ${reference})
          and (${serviceRef} is null or service_ref = ${serviceRef})
        group by reference, manager, operation
        order by min(seq) limit ${limit}`.map((row) => {
        const [calls, effects] = [Number(row['calls']), Number(row['effects'])];
        const [unknowns, refusals] = [Number(row['unknowns']), Number(row['refusals'])];
        return {
          reference: String(row['reference']),
          manager: String(row['manager']),
          operation: String(row['operation']),
          serviceRef: text(row['service_ref']),
          calls,
          effects,
          unknowns,
          refusals,
          excess: Math.max(0, calls - effects - unknowns - refusals),
        };
      });
    },

    countReads(manager: string, kind: string, n: number): void {
      sql.run`insert into reads (manager, kind, n) values (${manager}, ${kind}, ${n})
              on conflict (manager, kind) do update set n = n + excluded.n`;
    },

    reads(): { manager: string; kind: string; n: number }[] {
      return sql.all`select manager, kind, n from reads order by manager, kind`.map((row) => ({
        manager: String(row['manager']),
        kind: String(row['kind']),
        n: Number(row['n']),
      }));
    },

    forget(): void {
      sql.run`delete from ledger`;
      sql.run`delete from reads`;
      sql.run`update settled set seq = 0`;
    },
  };
}

const text = (value: unknown) => (typeof value === 'string' ? value : null);

function rowOf(row: Record<string, unknown>): LedgerRow {
  return {
    seq: Number(row['seq']),
    at: new Date(Number(row['at'])).toISOString(),
    manager: String(row['manager']),
    operation: String(row['operation']),
    reference: text(row['reference']),
    serviceRef: text(row['service_ref']),
    effect: row['effect'] === 1,
    effects: Number(row['effects']),
    outcome: String(row['outcome']) as CallOutcome,
    status: row['status'] === null ? null : Number(row['status']),
    code: text(row['code']),
    unknown: row['unknown'] === 1,
    fault: text(row['fault']),
    rule: text(row['rule']),
  };
}
