import { setTimeout as sleep } from 'node:timers/promises';
import { type Outgoing, send } from '../../contracts/messages/message.ts';
import { acceptProductOrder } from '../../contracts/messages/order-management.ts';
import { acceptServiceOrder } from '../../contracts/messages/service-ordering.ts';
import type { ProductOrderCreate } from '../../contracts/tmf/tmf622.ts';
import type { ServiceOrderCreate } from '../../contracts/tmf/tmf641.ts';
import { type Database, isDatabaseFault, transaction } from '../../ops/platform/database.ts';
import { publicationOf } from '../../ops/platform/messaging/envelope.ts';
import type { Log } from '../../ops/platform/log.ts';
import { insertOutbox } from '../../ops/platform/messaging/outbox.store.ts';
import type { Relay } from '../../ops/platform/messaging/relay.ts';
import { productOrderResource } from '../apis/tmf622/descriptor.ts';
import { toRequest as toProductOrder } from '../apis/tmf622/translate.ts';
import { serviceOrderResource } from '../apis/tmf641/descriptor.ts';
import { toRequest as toServiceOrder } from '../apis/tmf641/translate.ts';
import { type Unanswered, leaseUnanswered } from './expectation.store.ts';

const lookMs = 2_000;
/** With the above, a bound on what asking again may add to a fleet that is merely slow. */
const mostAtOnce = 200;

/** How a create that was accepted is asked for again: the same command, under the same business key. A new one is an entry here. */
const creates: Readonly<Record<string, { type: string; again: (create: Unanswered) => Outgoing }>> = {
  [serviceOrderResource.name]: {
    type: acceptServiceOrder.name,
    again: ({ id, document }) =>
      send(acceptServiceOrder, {
        order: toServiceOrder(document as unknown as ServiceOrderCreate, id, new Date(String(document['orderDate']))),
      }),
  },
  [productOrderResource.name]: {
    type: acceptProductOrder.name,
    again: ({ id, document }) =>
      send(acceptProductOrder, {
        order: toProductOrder(document as unknown as ProductOrderCreate, id, new Date(String(document['orderDate']))),
      }),
  },
};

/**
 * Asks again for what was accepted and not answered: the command, or its answer, may be lost with a queue. The owner knows a create by its
 * id: asked again, it repeats its answer.
 */
export function startExpectations(sql: Database, relay: Relay, log: Log): { stop(): Promise<void> } {
  const abort = new AbortController();
  const resources = Object.keys(creates);
  const types = Object.values(creates).map(({ type }) => type);

  async function askAgain(): Promise<void> {
    const asked = await transaction(sql, async (tx) => {
      const unanswered = await leaseUnanswered(tx, resources, types, mostAtOnce);
      const publications = unanswered.flatMap((one) => {
        const command = creates[one.resource]?.again(one);
        return command === undefined ? [] : [publicationOf(command, { correlationId: one.id })];
      });
      await insertOutbox(tx, publications);
      return publications;
    });
    relay.committed(asked);
    if (asked.length > 0) log.warn({ creates: asked.length }, 'accepted and not answered: asked again');
  }

  async function watch(): Promise<void> {
    while (!abort.signal.aborted) {
      try {
        await askAgain();
      } catch (error) {
        log.warn(
          { error },
          isDatabaseFault(error) ? 'cannot look for unanswered creates, database away' : 'cannot ask again for creates',
        );
      }
      await sleep(lookMs, undefined, { signal: abort.signal }).catch(() => undefined);
    }
  }
  const watching = watch();
  return {
    async stop() {
      abort.abort();
      await watching;
    },
  };
}
