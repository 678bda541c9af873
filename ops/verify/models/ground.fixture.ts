/**
 * The ground as its law says it: messages come late, in any order and again; some are given up, and lie as letters until a
 * person replays them. None is lost.
 */
import { messageGivenUp } from '../../../contracts/messages/given-up.ts';
import { type Outgoing, send } from '../../../contracts/messages/message.ts';
import { recordActivation } from '../../../contracts/messages/service-inventory.ts';
import { serviceOrderingQueue } from '../../../contracts/topology.ts';
import { newId } from '../../platform/ids.ts';

export interface Ground {
  /** Sent, and not yet handled. */
  bag: Outgoing[];
  letters: Outgoing[];
  /** The inbox: what was handled is not given up afterwards, though copies of it come again. */
  readonly handled: WeakSet<Outgoing>;
  /** Ids of what was given up: given up again, a message is the same. */
  readonly ids: Map<Outgoing, string>;
}

export const aGround = (): Ground => ({ bag: [], letters: [], handled: new WeakSet(), ids: new Map() });

/** The order that a message is about. */
export function orderOf({ body }: Outgoing): string {
  const { orderId, item, order } = body as { orderId?: string; item?: { orderId: string }; order?: { id: string } };
  return orderId ?? item?.orderId ?? order?.id ?? '';
}

/** Takes one out of the bag, unless a copy of it is to come again. */
export function taken(ground: Ground, pick: number, again: boolean): Outgoing | undefined {
  const at = pick % Math.max(1, ground.bag.length);
  const message = ground.bag[at];
  if (message === undefined) return undefined;
  if (!again) ground.bag.splice(at, 1);
  ground.handled.add(message);
  return message;
}

/** Gives one up: a letter, and where it is a command of service ordering, the word of that. */
export function giveUp(ground: Ground, pick: number, now: Date): void {
  const at = pick % Math.max(1, ground.bag.length);
  const message = ground.bag[at];
  if (message === undefined || ground.handled.has(message) || message.definition === messageGivenUp) return;
  ground.bag.splice(at, 1);
  ground.letters.push(message);
  const { definition, body } = message;
  if (definition.kind === 'event' || definition.name === recordActivation.name) return;
  const key = definition.key?.(body);
  const messageId = ground.ids.get(message) ?? newId();
  ground.ids.set(message, messageId);
  ground.bag.push(
    send(messageGivenUp, {
      ...{ messageId, type: definition.name, queue: definition.route(body), sender: serviceOrderingQueue },
      ...(key === undefined ? {} : { key }),
      ...{
        subject: orderOf(message),
        awaited: false,
        code: 'full',
        reason: 'The disk is full.',
        at: now.toISOString(),
      },
    }),
  );
}

/** A person has a letter handled again. False when there is none. */
export function replay(ground: Ground, pick = 0): boolean {
  const [letter] = ground.letters.splice(pick % Math.max(1, ground.letters.length), 1);
  if (letter === undefined) return false;
  ground.bag.push(letter);
  return true;
}
