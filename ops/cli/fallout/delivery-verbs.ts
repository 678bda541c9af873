import { userInfo } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { readOutcomes } from '../../../gateway/commands/outcome.store.ts';
import { Sentence } from '../../run/bootstrap/sentence.ts';
import type { Database } from '../../platform/database.ts';
import { corrected } from './correction.ts';
import { type HeldDelivery, settleHeldDelivery } from './delivery.store.ts';
import type { FalloutVerb } from './fallout.store.ts';

interface Options {
  readonly reason?: string;
  readonly set?: readonly string[];
  readonly json?: boolean;
}

/** How long a person waits to hear what became of their word; what is not taken by then still will be. */
const patienceMs = 10_000;
const lookEveryMs = 50;

/**
 * Says how a held delivery goes on, and waits for what order management says to it.
 *
 * @returns what to print
 * @throws Sentence when order management refuses it: the delivery stays held
 */
export async function settleDeliveryBy(
  sql: Database,
  one: HeldDelivery,
  verb: FalloutVerb,
  { reason, set, json }: Options,
): Promise<string> {
  const requested = set === undefined ? undefined : corrected(one.requested, set);
  const message = await settleHeldDelivery(sql, one, { verb, actor: userInfo().username, reason, requested });
  const taken = await isTaken(sql, message);
  if (json === true) return JSON.stringify({ verb, taken, ...one, ...(requested && { requested }) });
  const said = `${verb}: ${one.component} of item ${one.itemId} of product order ${one.orderId}`;
  return taken ? said : `${said}\nOrder management has not answered yet; it will when it runs (patchbay doctor).`;
}

async function isTaken(sql: Database, message: string): Promise<boolean> {
  for (const since = performance.now(); performance.now() - since < patienceMs; await sleep(lookEveryMs)) {
    const [outcome] = await readOutcomes(sql, [message]);
    if (outcome === undefined) continue;
    if (outcome.refusal === null) return true;
    throw new Sentence(`Order management refuses it, and nothing changed: ${outcome.refusal.reason}`);
  }
  return false;
}
