import { setTimeout as sleep } from 'node:timers/promises';
import { type Book, type ExpectedService, createBook, poolOf } from './book.ts';
import { type Customers, createCustomers } from './customers.ts';
import { type Letter, takeDeadLetters } from './dead-letters.ts';
import { type Mix, type Plan, type Pool, emptyPool, everyKind, orderMix } from './order-mix.ts';
import type { ExistingProduct } from './products/kinds.ts';
import { productPool } from './products/product-pool.ts';
import { type Progress, countUnfinished, countUntold, readProgress } from './progress.store.ts';
import type { Stage } from './stage.ts';

/** A fault that was played, and how many accepted orders had not ended right before it. */
export interface Blow {
  readonly what: string;
  readonly unfinished: number;
}

/** A stage with customers: what scenarios are written with. */
export interface Drill {
  readonly stage: Stage;
  readonly book: Book;
  readonly customers: Customers;
  readonly blows: Blow[];
  /** Puts a line into the report. */
  note(line: string): void;
  /** Lets customers order so many things, of every kind unless told; goes on in the background. */
  flood(scenario: string, count: number, mix?: Mix): void;
  /** Orders these and waits until they are accepted. */
  order(plans: readonly Plan[]): Promise<void>;
  /** Strikes while at least so many accepted orders are unfinished, ordering more where they are not. */
  blow(what: string, strike: () => unknown): Promise<void>;
  /** Resolves when messages flow again after a fault: the next one shall meet work, not a standstill. */
  flowing(): Promise<void>;
  /** Adds this much to every platform call, and up to as much again: what keeps orders unfinished. */
  pace(ms: number): Promise<void>;
  /** Resolves when every order has ended and everything is shown; with the reason when that takes too long. */
  quiet(withinMs?: number): Promise<string | undefined>;
  /** Takes out the dead letters that a scenario caused on purpose; any other is kept for the judge. */
  takeLetters(expected: (letter: Letter) => boolean): Promise<Letter[]>;
  /** All that lie there, with those that were not expected by anybody. */
  strayLetters(): Promise<Letter[]>;
  /** Expected ones so far. */
  readonly letters: { taken: number };
  /** From now on these services and products are there to be changed and deleted. */
  standing(services: Iterable<ExpectedService>, products: Iterable<ExistingProduct>): void;
}

/** Asked for before a blow: more than must be there at it, because some end in between. */
const unfinishedWanted = 110;
const unfinishedNeeded = 100;
/** A few orders' worth. */
const messagesThatFlow = 100;
/** What a queue has lost is found after a minute and a half; what it loses again, after two minutes more. */
const flowWithinMs = 150_000;
const quietWithinMs = 300_000;
/** Looks in a row, a tenth of a second apart, that find nothing new. */
const stillEnough = 6;

export function createDrill(stage: Stage, tell: (line: string) => void): Drill {
  const { sql, network, fleet, services, topology } = stage;
  const book = createBook();
  const gateways = fleet.of('gateway').flatMap(({ url }) => url ?? []);
  const customers = createCustomers(gateways, book);
  const blows: Blow[] = [];
  let pool: Pool = emptyPool;
  let sending: Promise<void> = Promise.resolve();
  let idle = true;
  /** Customers have stopped, for this reason. */
  let failed: { readonly error: unknown } | undefined;
  let scenario = '';
  let mix = everyKind;
  let strays: Letter[] = [];
  const letters = { taken: 0 };
  // One count over all scenarios: no two customers ask for the same.
  let number = 100;

  function flood(name: string, count: number, kinds: Mix = everyKind): void {
    scenario = name;
    mix = kinds;
    const plans = orderMix(name, count, pool, number, mix);
    number += count;
    idle = false;
    sending = Promise.all([sending, customers.send(plans)]).then(() => void (idle = true));
    // `quiet` throws it; whoever waits for more orders meanwhile looks whether they still come.
    sending.catch((error: unknown) => {
      failed = { error };
    });
  }

  async function underPressure(): Promise<number> {
    for (;;) {
      if (failed !== undefined) throw failed.error;
      const unfinished = await countUnfinished(sql).catch(() => 0);
      if (unfinished >= unfinishedWanted) return unfinished;
      if (idle) flood(scenario, unfinishedWanted, mix);
      await sleep(20);
    }
  }

  async function quiet(withinMs = quietWithinMs): Promise<string | undefined> {
    await sending;
    const deadline = Date.now() + withinMs;
    let handled = -1;
    let still = 0;
    for (;;) {
      const { waitingFor, handled: now } = await stillOpen();
      // A message may be between the outbox and its consumer: quiet is what stays so.
      still = waitingFor === undefined && now === handled ? still + 1 : 0;
      handled = now;
      if (still >= stillEnough) return undefined;
      if (Date.now() > deadline)
        return `after ${withinMs / 1000} s there is still: ${waitingFor ?? 'a message now and then'}`;
      await sleep(100);
    }
  }

  async function stillOpen(): Promise<{ waitingFor: string | undefined; handled: number }> {
    try {
      const late = await network.pendingLate();
      const { unfinished, running, outbox, intents, viewsBehind, handled }: Progress = await readProgress(sql);
      const open = {
        'unfinished orders': unfinished,
        'running service orders': running,
        'messages in the outbox': outbox,
        'open intents': intents,
      };
      const counts = Object.entries({ ...open, 'views behind': viewsBehind, 'late calls': late }).filter(
        ([, n]) => n > 0,
      );
      // Looks into every product: when nothing else is left to do.
      const untold = counts.length === 0 ? await countUntold(sql) : 0;
      if (untold > 0) counts.push(['products that were not told of a service', untold]);
      return {
        waitingFor: counts.length === 0 ? undefined : counts.map(([what, n]) => `${n} ${what}`).join(', '),
        handled,
      };
    } catch (error) {
      return { waitingFor: `an answer (${error instanceof Error ? error.message : String(error)})`, handled: -1 };
    }
  }

  async function takeLetters(expected: (letter: Letter) => boolean): Promise<Letter[]> {
    const all = [...strays, ...(await takeDeadLetters(services.rabbitmq.url, topology))];
    const taken = all.filter(expected);
    strays = all.filter((letter) => !expected(letter));
    letters.taken += taken.length;
    return taken;
  }

  return {
    stage,
    book,
    customers,
    blows,
    letters,
    takeLetters,
    async strayLetters() {
      await takeLetters(() => false);
      return strays.splice(0);
    },
    note: (line) => tell(`  ${line}`),
    flood,
    order: (plans) => customers.send(plans),
    async blow(what, strike) {
      const unfinished = await underPressure();
      tell(`  ${what}, with ${unfinished} orders unfinished`);
      blows.push({ what, unfinished });
      await strike();
    },
    async flowing() {
      const { handled } = await readProgress(sql);
      for (const deadline = Date.now() + flowWithinMs; ; await sleep(50)) {
        if ((await readProgress(sql)).handled >= handled + messagesThatFlow) return;
        if (Date.now() > deadline) throw new Error(`Nothing moves ${flowWithinMs / 1000} s after the last fault.`);
        // Where everything has ended, nothing can move.
        if (idle && (await countUnfinished(sql)) < unfinishedWanted) flood(scenario, unfinishedWanted, mix);
      }
    },
    async pace(ms) {
      if (ms === 0) return network.remove('pace');
      const params = { ms, jitterMs: ms };
      await network.add([{ id: 'pace', manager: '*', operation: 'calls', kind: 'latency', params }]);
    },
    quiet,
    standing: (services, products) => void (pool = { ...poolOf(services), products: productPool(products) }),
  };
}

/** Blows that came when there was not enough to break. */
export const tooQuiet = (blows: readonly Blow[]): string[] =>
  blows
    .filter(({ unfinished }) => unfinished < unfinishedNeeded)
    .map(({ what, unfinished }) => `${what} met only ${unfinished} unfinished orders`);
