import { setTimeout as sleep } from 'node:timers/promises';
import { openDatabase } from './database.ts';
import { type Delivering, deliveries } from './deliveries.ts';
import { exchange, type Call, type Exchanged } from './exchange.ts';
import { faultBook, type Fate } from './fault-book.ts';
import { holdingsStore } from './holdings.store.ts';
import { ledgerStore } from './ledger.store.ts';
import { lateCalls } from './late-calls.ts';
import type { Holdings, Manager } from './manager.ts';
import { settlement } from './settlement.ts';

export type Network = ReturnType<typeof openNetwork>;

/** What the simulated network is made of, and the two sources of chance it may use. */
export type NetworkOptions = {
  directory: string;
  managers: Readonly<Record<string, Manager>>;
  now?: () => number;
  random?: () => number;
  delivering?: Delivering;
};

/** An out-of-band edit: attributes to set, attributes to remove, or all of a service. */
export type Edit = { set?: Holdings | undefined; remove?: string[] | true | undefined };

/** Opens the network kept in a directory: what the routes and the page stand on. */
export function openNetwork({ directory, managers, delivering, now = Date.now, random = Math.random }: NetworkOptions) {
  const database = openDatabase(directory);
  const holdings = holdingsStore(database);
  const ledger = ledgerStore(database);
  ledger.markUnsettledLost();
  const settling = settlement(ledger);
  const faults = faultBook(database, random);
  const late = lateCalls(database, now);
  const outside = deliveries(database, now, delivering);
  const exchanges = exchange({
    ...{ database, holdings, ledger, now },
    postpone: (call) => late.postpone(call),
    takeOn: (work) => outside.takeOn(work),
  });
  const closing = new AbortController();

  late.start((call) => {
    const manager = managers[call.manager];
    if (manager !== undefined) exchanges.takeLate(manager, call);
  });
  outside.start((work, refused, despite) => {
    const manager = managers[work.manager];
    return manager === undefined ? { state: 'calledOff' } : exchanges.finish(manager, work, refused, despite);
  });
  settling.flush();

  const opened = (exchanged: Exchanged): Exchanged => {
    settling.opened(exchanged.seq, exchanged.answer);
    return exchanged;
  };

  return {
    managers,
    holdings,
    ledger,
    faults,
    settling,
    deliveries: outside,
    pendingLate: late.pending,

    /** Waits as long as a fate says; rejects when the simulator closes meanwhile. */
    async wait({ delayMs }: Fate): Promise<void> {
      if (delayMs > 0) await sleep(delayMs, undefined, { signal: closing.signal });
    },

    /** Deals with a call. A caller that hung up during an added latency is not noticed: platforms go on, too. */
    async call(manager: Manager, operation: string, call: Call): Promise<Exchanged> {
      const { reference, serviceRef } = call;
      const fate = faults.draw({ manager: manager.name, operation, reference, serviceRef });
      if (fate.delayMs > 0) await this.wait(fate);
      return opened(exchanges.take(manager, operation, call, fate));
    },

    malformedCall: (manager: Manager, operation: string, error: Parameters<typeof exchanges.refuseMalformed>[2]) =>
      opened(exchanges.refuseMalformed(manager, operation, error)),

    /** Changes what a service holds behind everybody's back. Returns what it holds then, or why that cannot be held. */
    edit(manager: Manager, serviceRef: string, { set = {}, remove = [] }: Edit) {
      return database.atomically(() => {
        const before = holdings.read(manager.name, serviceRef);
        const kept = Object.entries({ ...before, ...set }).filter(
          ([name]) => remove !== true && !remove.includes(name),
        );
        const parsed = manager.holdings.safeParse(remove === true ? set : Object.fromEntries(kept));
        if (parsed.success) holdings.write(manager, serviceRef, before, parsed.data);
        return parsed;
      });
    },

    /** Forgets everything: holdings, references, ledger, faults. */
    reset(): void {
      database.atomically(() => {
        for (const part of [holdings, ledger, faults, late, outside, settling]) part.forget();
      });
    },

    close(): void {
      closing.abort();
      late.stop();
      outside.stop();
      settling.close();
      database.close();
    },
  };
}
