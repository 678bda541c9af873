import type { Command } from 'commander';
import { userInfo } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { activatorControlQueue, deadLetterQueue, serviceOrderingQueue } from '../../../contracts/topology.ts';
import { Sentence } from '../../run/bootstrap/sentence.ts';
import type { Database } from '../../platform/database.ts';
import { checkCorrection, corrected } from '../fallout/correction.ts';
import {
  type Fallout,
  type FalloutVerb,
  readAudit,
  readFallout,
  readHandled,
  readOrderWords,
  settleFallout,
} from '../fallout/fallout.store.ts';
import { type HeldDelivery, readHeldDeliveries, readServiceOrderIds } from '../fallout/delivery.store.ts';
import { settleDeliveryBy } from '../fallout/delivery-verbs.ts';
import { withDatabase, withLetters } from '../fallout/here.ts';
import {
  type GivenUpCommand,
  type UnbegunItem,
  readUnbegun,
  retryUnbegun,
  takeGivenUpLetters,
} from '../fallout/unbegun.store.ts';
import { letterVerbs } from '../fallout/letter-verbs.ts';
import { deliveryDetailOf, detailOf, tableOf, unbegunDetailOf } from '../fallout/show.ts';
import { takeStepLetters } from '../fallout/step-letters.ts';

const explanations: Readonly<Record<FalloutVerb, string>> = {
  retry:
    'try the step or the delivery again, looking first whether it took effect after all; with --set, with what you put right',
  skip: 'leave the step out and go on: you have done by hand what it would have done; of an optional delivery: go on without it',
  fail: 'give the item up: what landed is taken back, the item ends failed',
};

/** `patchbay fallout`: what stands still until a person says how it goes on, and the ways it can. */
export function fallout(program: Command): void {
  const group = program
    .command('fallout')
    .description(
      'order items and product deliveries that are held (list, show, retry, skip, fail) and dead letters (letters, replay, discard)',
    );
  group
    .command('list')
    .description('everything that is held, oldest first')
    .option('--json', 'print as JSON')
    .action(async ({ json }: { json?: boolean }) => {
      const { steps, unbegun, deliveries } = await withDatabase((sql) => heldOf(sql));
      const all = [...steps, ...unbegun, ...deliveries];
      console.log(json ? JSON.stringify(all, null, 2) : tableOf(steps, deliveries, unbegun));
    });
  group
    .command('show')
    .description('one held item or delivery: what was asked for, its way, what failed and what was done about it')
    .argument('<id>', 'the order, the activation, or the delivery')
    .option('--json', 'print as JSON')
    .action(async (id: string, { json }: { json?: boolean }) => {
      const shown = await withDatabase(async (sql) => {
        const { steps, unbegun, deliveries } = await found(sql, id);
        const [ofSteps, ofUnbegun, ofDeliveries] = await Promise.all([
          Promise.all(
            steps.map(async (one) => ({
              ...{ one, words: await readOrderWords(sql, one.orderId, one.itemId) },
              audit: await readAudit(sql, one.orderId),
            })),
          ),
          Promise.all(unbegun.map(async (one) => ({ one, audit: await readAudit(sql, one.orderId) }))),
          Promise.all(deliveries.map(async (one) => ({ one, audit: await readAudit(sql, one.orderId) }))),
        ]);
        return { ofSteps, ofUnbegun, ofDeliveries };
      });
      const { ofSteps, ofUnbegun, ofDeliveries } = shown;
      console.log(
        json
          ? JSON.stringify(
              [...ofSteps, ...ofUnbegun, ...ofDeliveries].map(({ one, ...more }) => ({ ...one, ...more })),
              null,
              2,
            )
          : [
              ...ofSteps.map(({ one, words, audit }) => detailOf(one, words, audit)),
              ...ofUnbegun.map(({ one, audit }) => unbegunDetailOf(one, audit)),
              ...ofDeliveries.map(({ one, audit }) => deliveryDetailOf(one, audit)),
            ].join('\n\n'),
      );
    });
  for (const verb of Object.keys(explanations) as FalloutVerb[]) settling(group, verb);
  letterVerbs(group);
}

interface Options {
  readonly item?: string;
  readonly reason?: string;
  readonly set?: readonly string[];
  readonly json?: boolean;
}

function settling(group: Command, verb: FalloutVerb): void {
  const command = group
    .command(verb)
    .description(explanations[verb])
    .argument('<id>', 'the order, the activation, or the delivery')
    .option('--item <item>', 'of an order with several held items, which one; of a product order, which component')
    .option('--reason <text>', 'goes into the audit line')
    .option('--json', 'print as JSON');
  if (verb === 'retry')
    command.option('--set <name=value...>', 'put right what was asked for; a value is JSON, or plain text');
  command.action(async (id: string, options: Options) => {
    await withDatabase(async (sql) => {
      const held = await theOne(sql, id, options.item);
      if ('deliveryId' in held) return console.log(await settleDeliveryBy(sql, held, verb, options));
      if ('unbegun' in held) return console.log(await beginAgain(sql, held, verb, options));
      const one = held;
      const requested = options.set === undefined ? undefined : corrected(one.requested, options.set);
      if (requested !== undefined) await checkCorrection(sql, one, requested);
      const word = { verb, actor: userInfo().username, reason: options.reason, requested };
      const message = await settleFallout(sql, one, word);
      const taken = await isTaken(sql, message, one);
      // What is only on its way could be lost with its queue: until it has arrived, the letter stays.
      const letters = taken ? await withLetters((opened) => takeStepLetters(opened, one, message)) : 0;
      if (options.json) console.log(JSON.stringify({ verb, taken, letters, ...one, ...(requested && { requested }) }));
      else console.log(inWords(verb, one, taken));
    });
  });
}

const inWords = (verb: FalloutVerb, { itemId, orderId, serviceType, position, steps }: Fallout, taken: boolean) =>
  `${verb}: item ${itemId} of order ${orderId}, step ${steps[position]?.step}${
    taken
      ? ''
      : `\nThe ${serviceType} activator has not taken it yet; it will when it runs (patchbay doctor). The letter stays, and means nothing then.`
  }`;

const sentAgain: Readonly<Record<GivenUpCommand, string>> = {
  ...{ claim: 'its service claimed', activate: 'begun', proceed: 'told to go back', abandon: 'told to go on' },
};

/** @throws Sentence for what only a step can be told */
async function beginAgain(sql: Database, one: UnbegunItem, verb: FalloutVerb, options: Options): Promise<string> {
  const { orderId, itemId } = one;
  if (verb !== 'retry' || options.set !== undefined)
    throw new Sentence(
      `Item ${itemId} of order ${orderId} is held for a command that was given up: there is no step to ${verb === 'retry' ? 'put right' : verb}. Retry it as it is, replay its letter edited, or cancel the order.`,
    );
  const word = await retryUnbegun(sql, one, { actor: userInfo().username, reason: options.reason });
  const taken = await isHandled(sql, word, 'service ordering', serviceOrderingQueue);
  const letters = taken ? await withLetters((opened) => takeGivenUpLetters(opened, one)) : 0;
  if (options.json === true) return JSON.stringify({ verb, taken, letters, ...one });
  const said = `retry: item ${itemId} of order ${orderId}, ${sentAgain[one.command]} again`;
  return taken ? said : `${said}\nService ordering has not taken it yet; it will when it runs (patchbay doctor).`;
}

type Held = Fallout | UnbegunItem | HeldDelivery;

async function theOne(sql: Database, id: string, item: string | undefined): Promise<Held> {
  const { steps, unbegun, deliveries } = await found(sql, id);
  const all = [...steps, ...unbegun, ...deliveries];
  const fallen = all.filter((one) => item === undefined || nameOf(one) === item);
  const [one, ...others] = fallen;
  if (one === undefined) throw new Sentence(`Item ${item} of ${id} is not held.`);
  if (others.length === 0) return one;
  const names = [...new Set(fallen.map(nameOf))];
  const which =
    names.length > 1 ? 'say which with --item.' : `name one by its own id: ${fallen.map(ownIdOf).join(', ')}.`;
  throw new Sentence(`Several items of ${id} are held (${names.join(', ')}): ${which}`);
}

const ownIdOf = (one: Held): string =>
  'deliveryId' in one ? one.deliveryId : 'unbegun' in one ? one.orderId : one.activationId;
const nameOf = (one: Held): string => ('deliveryId' in one ? one.component : one.itemId);

/** How long a person waits to hear that their word was taken; what is not taken by then still will be. */
const patienceMs = 10_000;
const lookEveryMs = 50;

const isTaken = (sql: Database, message: string, { serviceType }: Fallout): Promise<boolean> =>
  isHandled(sql, message, 'the activator', activatorControlQueue(serviceType));

/** @throws Sentence when whoever it is for refused it */
async function isHandled(sql: Database, message: string, whose: string, queue: string): Promise<boolean> {
  for (const since = performance.now(); performance.now() - since < patienceMs; await sleep(lookEveryMs)) {
    const handled = await readHandled(sql, message);
    if (handled === undefined) continue;
    if (handled.outcome === null) return true;
    if (handled.outcome === 'parked' || handled.outcome === 'deadLettered')
      throw new Sentence(
        `${whose[0]?.toUpperCase()}${whose.slice(1)} refused it, and the item stays held: ${handled.reason ?? 'for no known reason'} (letter ${message} in ${deadLetterQueue(queue)})`,
      );
  }
  return false;
}

interface AllHeld {
  readonly steps: readonly Fallout[];
  readonly unbegun: readonly UnbegunItem[];
  /** Those that no step of their service order is held for: that one is to be settled first. */
  readonly deliveries: readonly HeldDelivery[];
}

async function heldOf(sql: Database, id?: string): Promise<AllHeld> {
  const ids = id === undefined ? [] : [id, ...(await readServiceOrderIds(sql, id))];
  const steps = await readFallout(sql, ...ids);
  const unbegun = await readUnbegun(sql, ...ids);
  const held = await readHeldDeliveries(sql, id);
  const stalled = new Set([...steps, ...unbegun].map(({ orderId }) => orderId));
  return {
    steps,
    unbegun,
    deliveries: held.filter(({ serviceOrders }) => !serviceOrders.some((one) => stalled.has(one))),
  };
}

async function found(sql: Database, id: string): Promise<AllHeld> {
  const held = await heldOf(sql, id);
  if (held.steps.length + held.unbegun.length + held.deliveries.length === 0)
    throw new Sentence(`Nothing of ${id} is held; patchbay fallout list shows what is.`);
  return held;
}
