import { describe, expect, test } from 'vitest';
import { activatorControlQueue, activatorQueue, commandExchange, deadLetterQueue, topology } from './topology.ts';
import * as activation from './messages/activation.ts';
import * as givenUp from './messages/given-up.ts';
import * as decomposition from './messages/decomposition.ts';
import * as orderManagement from './messages/order-management.ts';
import * as outsideOrdering from './messages/outside-ordering.ts';
import * as productInventory from './messages/product-inventory.ts';
import * as serviceCatalog from './messages/service-catalog.ts';
import * as serviceInventory from './messages/service-inventory.ts';
import * as serviceOrdering from './messages/service-ordering.ts';
import * as servicePlanning from './messages/service-planning.ts';
import type { MessageDefinition } from './messages/message.ts';

const types = ['broadband', 'voice'];
const { queues, exchanges } = topology(types);
const work = queues.filter(({ name }) => !name.endsWith('.dead'));
const bound = (exchange: string, key: string): string[] =>
  work
    .filter(({ bindings }) => bindings.some((one) => one.exchange === exchange && matches(one.pattern, key)))
    .map(({ name }) => name);

/** A topic pattern as the broker reads it, for the wildcards we use. */
const matches = (pattern: string, key: string): boolean =>
  new RegExp(`^${pattern.replaceAll('.', '\\.').replaceAll('*', '[^.]+').replaceAll('#', '.*')}$`, 'u').test(key);

const isMessage = (one: unknown): one is MessageDefinition<unknown> =>
  typeof one === 'object' && one !== null && 'kind' in one && 'route' in one;
const messages = [
  activation,
  decomposition,
  givenUp,
  orderManagement,
  outsideOrdering,
  productInventory,
  serviceCatalog,
  serviceInventory,
  serviceOrdering,
  servicePlanning,
]
  .flatMap((file) => Object.values(file))
  .filter(isMessage);

describe('queues', () => {
  test('every work queue has its dead letters, which the broker’s own backstop reaches too', () => {
    for (const { name, arguments: given } of work) {
      const dead = queues.find((one) => one.name === deadLetterQueue(name));
      expect(dead?.bindings).toEqual([
        { exchange: given['x-dead-letter-exchange'], pattern: given['x-dead-letter-routing-key'] },
      ]);
    }
    expect(queues).toHaveLength(work.length * 2);
  });

  test('a queue is declared after the one its dead letters go to', () => {
    const at = (name: string) => queues.findIndex((one) => one.name === name);
    for (const { name } of work) expect(at(deadLetterQueue(name))).toBeLessThan(at(name));
  });

  test('at-least-once dead-lettering has what it silently depends on', () => {
    for (const { arguments: given } of work) {
      expect(given).toMatchObject({
        'x-queue-type': 'quorum',
        'x-dead-letter-strategy': 'at-least-once',
        'x-overflow': 'reject-publish',
      });
    }
  });

  test('a dead letter is never dropped for being looked at, on any version: the limit is set, high, and not -1', () => {
    for (const { arguments: given } of queues.filter(({ name }) => name.endsWith('.dead'))) {
      expect(given).toEqual({ 'x-queue-type': 'quorum', 'x-delivery-limit': 1_000_000 });
    }
  });

  test('names are unique, bindings name declared exchanges, and a service type has a work and a control queue', () => {
    expect(new Set(queues.map(({ name }) => name)).size).toBe(queues.length);
    const known = exchanges.map(({ name }) => name);
    for (const { exchange } of queues.flatMap(({ bindings }) => bindings)) expect(known).toContain(exchange);
    for (const type of types)
      expect(work.map(({ name }) => name)).toEqual(
        expect.arrayContaining([activatorQueue(type), activatorControlQueue(type)]),
      );
  });
});

/** What an event may be routed by. */
const keysOf = ({ name, topics }: MessageDefinition<unknown>): string[] =>
  topics.length === 0 ? [name] : topics.map((topic) => `${name}.${topic}`);

describe('messages', () => {
  test('there are some to look at', () => {
    expect(messages.length).toBeGreaterThan(15);
  });

  test('names are unique and say domain, what, and version', () => {
    const names = messages.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    for (const name of names) expect(name).toMatch(/^[a-z]+(-[a-z]+)*\.[a-z]+(-[a-z]+)*\.v[1-9][0-9]*$/);
  });

  test.each(messages.filter(({ kind }) => kind === 'command').map((one) => [one.name, one] as const))(
    '%s goes to exactly one queue that is there',
    (_, command) => {
      const key = command.route({ serviceType: 'voice', item: { serviceType: 'voice' } });
      expect(command.exchange).toBe(commandExchange);
      expect(bound('cmd', key)).toEqual([key]);
    },
  );

  test.each(
    messages.filter(({ kind, optional }) => kind === 'event' && !optional).map((one) => [one.name, one] as const),
  )('%s is routed by its name and heard by somebody', (_, event) => {
    if (event.topics.length === 0) expect(event.route({})).toBe(event.name);
    for (const key of keysOf(event)) expect(bound('evt', key)).not.toEqual([]);
  });

  test('the next version of an event reaches the queues of this one', () => {
    for (const key of messages.filter(({ kind }) => kind === 'event').flatMap(keysOf))
      expect(bound('evt', key.replace(/\.v\d+/, '.v9'))).toEqual(bound('evt', key));
  });

  test('every binding to events is for an event that there is', () => {
    const patterns = work.flatMap(({ bindings }) => bindings.filter(({ exchange }) => exchange === 'evt'));
    const events = messages.filter(({ kind }) => kind === 'event');
    const spellings = events.map((one) => [...keysOf(one), ...(one.previous === undefined ? [] : [one.previous.name])]);
    for (const { pattern } of patterns)
      expect(spellings.filter((keys) => keys.some((key) => matches(pattern, key))).map(() => pattern)).toEqual([
        pattern,
      ]);
  });
});
