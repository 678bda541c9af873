import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  orderManagementQueue,
  outsideOrderingQueue,
  productInventoryQueue,
  projectorQueue,
  serviceInventoryQueue,
  serviceOrderingQueue,
} from '../../../../contracts/topology.ts';
import { acceptProductOrder } from '../../../../contracts/messages/order-management.ts';
import { placeOutsideOrder } from '../../../../contracts/messages/outside-ordering.ts';
import { claimProducts } from '../../../../contracts/messages/product-inventory.ts';
import { acceptServiceOrder, serviceOrderChanged } from '../../../../contracts/messages/service-ordering.ts';
import { recordActivation } from '../../../../contracts/messages/service-inventory.ts';
import { activateItem, settleStep } from '../../../../contracts/messages/activation.ts';
import type { Letter } from '../dead-letters.ts';
import { type Alien, putInto } from '../queues.ts';
import type { Scenario } from './scenario.ts';

const ofEach = 3;
const arriveWithinMs = 60_000;
const oversize = 2 * 1_048_576;

/** A kind of message nobody can handle, and the code that its dead letter must give for a reason; none where the broker moves it. */
interface Poison {
  readonly kind: string;
  readonly code: string | undefined;
  readonly make: (queue: string, mark: string) => Alien;
}

const envelope = (): string => JSON.stringify({ correlationId: randomUUID(), attempt: 1, failures: 0 });
const json = (mark: string): Buffer => Buffer.from(JSON.stringify({ mark }));

/** A type that each worker's consumer knows; every activator knows the same two. */
const ofWorker: Readonly<Record<string, string>> = {
  [projectorQueue]: serviceOrderChanged.name,
  [serviceOrderingQueue]: acceptServiceOrder.name,
  [serviceInventoryQueue]: recordActivation.name,
  [orderManagementQueue]: acceptProductOrder.name,
  [productInventoryQueue]: claimProducts.name,
  [outsideOrderingQueue]: placeOutsideOrder.name,
};
const known = (queue: string): string =>
  ofWorker[queue] ?? (queue.endsWith('.control') ? settleStep.name : activateItem.name);
const whole = (queue: string, body: Buffer): Alien & { messageId: string; type: string; envelope: string } => ({
  queue,
  messageId: randomUUID(),
  type: known(queue),
  envelope: envelope(),
  body,
});

const poisons: readonly Poison[] = [
  {
    kind: 'not JSON',
    code: 'badJson',
    make: (queue, mark) =>
      whole(queue, Buffer.concat([Buffer.from(`{"mark": "${mark}", `), Buffer.from([0, 255, 254])])),
  },
  { kind: 'wrong body', code: 'badBody', make: (queue, mark) => whole(queue, json(mark)) },
  {
    kind: 'unknown type',
    code: 'unknownType',
    make: (queue, mark) => ({ ...whole(queue, json(mark)), type: 'nobody.knows-this.v1' }),
  },
  {
    kind: 'unknown version',
    code: 'unknownType',
    make: (queue, mark) => ({ ...whole(queue, json(mark)), type: known(queue).replace(/v\d+$/, 'v99') }),
  },
  {
    kind: 'no message id',
    code: 'noMessageId',
    make: (queue, mark) => ({ queue, type: known(queue), envelope: envelope(), body: json(mark) }),
  },
  {
    kind: 'not an envelope',
    code: 'badEnvelope',
    make: (queue, mark) => ({ ...whole(queue, json(mark)), envelope: '{' }),
  },
  {
    kind: 'oversize',
    code: undefined,
    make: (queue, mark) => whole(queue, Buffer.from(JSON.stringify({ mark, filling: 'x'.repeat(oversize) }))),
  },
];

/** Messages that nobody can handle come between good ones: they end in the dead-letter queue with the reason, the others proceed. */
export const poisonedQueues: Scenario = {
  name: 'poison',
  title: 'poison, oversize and unknown versions come between good messages',
  paceMs: 300,
  async play(drill) {
    const { services, topology } = drill.stage;
    const marker = `poison-${randomUUID()}`;
    const queues = topology.queues.map(({ name }) => name).filter((name) => !name.endsWith('.dead'));
    const put = new Map<string, { queue: string; poison: Poison }>();
    for (let round = 1; round <= ofEach; round += 1) {
      await drill.blow(`${queues.length * poisons.length} messages that nobody can handle come (${round})`, () => {
        const aliens = queues.flatMap((queue) =>
          poisons.map((poison) => {
            const mark = `${marker}-${put.size}`;
            put.set(mark, { queue, poison });
            return poison.make(queue, mark);
          }),
        );
        return putInto(services.rabbitmq, aliens);
      });
      await drill.flowing();
    }
    const left = new Map(put);
    for (const deadline = Date.now() + arriveWithinMs; left.size > 0; await sleep(500)) {
      for (const letter of await drill.takeLetters(
        ({ body }) => body.includes(marker) || decoded(body).includes(marker),
      )) {
        const mark = /poison-[0-9a-f-]+?-\d+(?=")/.exec(text(letter, marker))?.[0] ?? '';
        const expected = left.get(mark);
        // Published again because its confirm took long: the same letter, with the same id.
        if (expected === undefined && put.has(mark)) continue;
        if (expected === undefined) throw new Error(`A letter that never was sent: ${mark}`);
        if (letter.queue !== `${expected.queue}.dead` || letter.errorCode !== expected.poison.code)
          throw new Error(
            `${expected.poison.kind} for ${expected.queue} lies in ${letter.queue} as ${letter.errorCode}: ${letter.reason}`,
          );
        left.delete(mark);
      }
      if (Date.now() > deadline)
        throw new Error(
          `${left.size} of ${put.size} are in no dead-letter queue: ${[...left.values()].map(({ queue, poison }) => `${poison.kind} for ${queue}`).join(', ')}`,
        );
    }
    drill.note(`${put.size} letters, each in its queue with its reason`);
  },
};

/** What is no text travels as base64 and leaves as it came; a tool may still meet it encoded. */
const decoded = (body: Buffer): Buffer => Buffer.from(body.toString('latin1'), 'base64');
const text = ({ body }: Letter, marker: string): string =>
  (body.includes(marker) ? body : decoded(body)).toString('latin1');
