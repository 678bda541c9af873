/**
 * What exists in the broker: exchanges, queues, bindings and dead-letter queues, as data.
 * One shape that RabbitMQ 3.10 and 4.x both accept. `ops/platform/broker/topology.ts` asserts it.
 */

/** Durable topic exchanges for commands and events; neither has an alternate exchange: an unroutable message comes back. */
export const commandExchange = 'cmd';
export const eventExchange = 'evt';
/** Direct; the broker's own backstop for crashed and misrouted deliveries. Our code dead-letters with context, past it. */
export const deadLetterExchange = 'dlx';

export const serviceOrderingQueue = 'service-ordering';
export const serviceInventoryQueue = 'service-inventory';
export const orderManagementQueue = 'order-management';
export const productInventoryQueue = 'product-inventory';
/** Where service orders go that an outside TMF641 endpoint carries out. */
export const outsideOrderingQueue = 'outside-ordering';
export const projectorQueue = 'gateway.projector';

/** The work queue of a service type's activator. */
export const activatorQueue = (serviceType: string): string => `activator.${serviceType}`;
/** Cancels, callbacks and timeouts of a service type; never paused, not even when its platforms are down. */
export const activatorControlQueue = (serviceType: string): string => `activator.${serviceType}.control`;
/** Where a queue's messages lie that need a person. */
export const deadLetterQueue = (queue: string): string => `${queue}.dead`;
export const isDeadLetterQueue = (queue: string): boolean => queue.endsWith('.dead');

export interface Binding {
  readonly exchange: string;
  readonly pattern: string;
}

export interface QueueDeclaration {
  readonly name: string;
  readonly bindings: readonly Binding[];
  readonly arguments: Readonly<Record<string, string | number>>;
}

export interface Topology {
  readonly exchanges: readonly { readonly name: string; readonly type: 'topic' | 'direct' }[];
  readonly queues: readonly QueueDeclaration[];
}

/**
 * Arguments of a work queue. The delivery limit is a backstop only (we count crashes ourselves); without
 * `reject-publish` at-least-once dead-lettering silently becomes at-most-once.
 */
const workQueueArguments = (queue: string) => ({
  'x-queue-type': 'quorum',
  'x-delivery-limit': 1000,
  'x-dead-letter-exchange': deadLetterExchange,
  'x-dead-letter-routing-key': queue,
  'x-dead-letter-strategy': 'at-least-once',
  'x-overflow': 'reject-publish',
});

/** A dead letter stays until someone replays or discards it: unset, 4.x drops it after 20 returns; -1 drops it at once on 3.10. */
const deadLetterArguments = { 'x-queue-type': 'quorum', 'x-delivery-limit': 1_000_000 };

const command = (queue: string): Binding => ({ exchange: commandExchange, pattern: queue });
const event = (pattern: string): Binding => ({ exchange: eventExchange, pattern });
/** What became of commands that a worker sent and their owner gave up. */
const givenUp = (sender: string): Binding => event(`platform.message-given-up.*.${sender}`);

function withDeadLetters(name: string, bindings: readonly Binding[]): QueueDeclaration[] {
  return [
    {
      name: deadLetterQueue(name),
      bindings: [{ exchange: deadLetterExchange, pattern: name }],
      arguments: deadLetterArguments,
    },
    { name, bindings, arguments: workQueueArguments(name) },
  ];
}

/**
 * Everything the fleet needs in the broker.
 *
 * @param serviceTypes the activators' service types, as their folders name them
 */
export function topology(serviceTypes: readonly string[]): Topology {
  return {
    exchanges: [
      { name: commandExchange, type: 'topic' },
      { name: eventExchange, type: 'topic' },
      { name: deadLetterExchange, type: 'direct' },
    ],
    queues: [
      ...withDeadLetters(serviceOrderingQueue, [
        command(serviceOrderingQueue),
        event('service-inventory.services-claimed.*'),
        event('service-inventory.claims-released.*'),
        event('service-inventory.change-settled.*'),
        event('service-inventory.services-described.*'),
        event('activation.item-status.*'),
        event('activation.item-assessed.*'),
        event('activation.milestone-reached.*'),
        event('service-catalog.service-specification-published.*'),
        givenUp(serviceOrderingQueue),
      ]),
      ...withDeadLetters(serviceInventoryQueue, [command(serviceInventoryQueue)]),
      ...withDeadLetters(orderManagementQueue, [
        command(orderManagementQueue),
        event('service-ordering.service-order-changed.*.requested'),
        event('service-ordering.cancellation-changed.*'),
        event('outside-ordering.order-changed.*'),
        event('product-inventory.products-claimed.*'),
        event('product-inventory.products-recorded.*'),
        event('order-management.follow-up-accepted.*'),
        givenUp(orderManagementQueue),
      ]),
      ...withDeadLetters(productInventoryQueue, [
        command(productInventoryQueue),
        event('service-inventory.service-changed.*.settled'),
      ]),
      ...withDeadLetters(outsideOrderingQueue, [command(outsideOrderingQueue)]),
      ...withDeadLetters(projectorQueue, [
        event('service-ordering.service-order-changed.*.*'),
        event('service-ordering.cancellation-changed.*'),
        event('service-ordering.command-refused.*'),
        event('service-ordering.service-order-planned.*'),
        event('service-inventory.service-changed.*.*'),
        event('service-inventory.command-refused.*'),
        event('product-inventory.product-changed.*'),
        event('product-inventory.command-refused.*'),
        event('order-management.product-order-changed.*'),
        event('order-management.cancellation-changed.*'),
        event('order-management.command-refused.*'),
        event('order-management.product-order-planned.*'),
        event('platform.message-given-up.*.#'),
      ]),
      ...serviceTypes.flatMap((type) => [
        ...withDeadLetters(activatorQueue(type), [command(activatorQueue(type))]),
        ...withDeadLetters(activatorControlQueue(type), [command(activatorControlQueue(type))]),
      ]),
    ],
  };
}

/** Who takes events; commands go to the one queue that their routing key names. */
const eventBindings = topology([]).queues.flatMap(({ name, bindings }) =>
  bindings
    .filter(({ exchange }) => exchange === eventExchange)
    .map(({ pattern }) => ({ queue: name, pattern: words(pattern) })),
);
const eventDestinations = new Map<string, readonly string[]>();

/**
 * The queues that a message ends up in. None for an event that nobody takes.
 *
 * @param exchange `''` addresses a queue directly
 */
export function destinationsOf(exchange: string, routingKey: string): readonly string[] {
  if (exchange !== eventExchange) return [routingKey];
  const known = eventDestinations.get(routingKey);
  if (known !== undefined) return known;
  const key = words(routingKey);
  const taking = eventBindings.filter(({ pattern }) => matches(pattern, key)).map(({ queue }) => queue);
  const queues = [...new Set(taking)];
  eventDestinations.set(routingKey, queues);
  return queues;
}

function words(text: string): readonly string[] {
  return text.split('.');
}

/** As the broker matches topics: `*` is one word, a last `#` any number of them. */
function matches(pattern: readonly string[], key: readonly string[]): boolean {
  const open = pattern.at(-1) === '#';
  const fixed = open ? pattern.slice(0, -1) : pattern;
  if (open ? key.length < fixed.length : key.length !== fixed.length) return false;
  return fixed.every((word, at) => word === '*' || word === key[at]);
}
