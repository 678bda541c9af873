/** The broker as a model: queues in the order of publishing, what consumers hold, what gets lost. */
import { destinationsOf, isDeadLetterQueue } from '../../../contracts/topology.ts';
import type { PublishResult } from '../broker/publisher.ts';
import type { Publication } from './envelope.ts';
import type { MessageKey } from './message.store.ts';

/** Something that lies in a queue: a message, or a marker with the microseconds at which it was asked for. */
export interface Entry {
  what: Publication | { readonly marker: string };
  /** A consumer had it, or somebody put a copy there: it may come again, at any place. */
  isRepeated: boolean;
  /** Its queue was deleted under its consumer, who has it still. */
  isOrphan: boolean;
}

interface Queue {
  /** Undefined while the queue does not exist. */
  ready: Entry[] | undefined;
  /** By replica. */
  readonly held: [Entry[], Entry[]];
}

export function modelBroker(names: readonly string[]) {
  const queues = new Map<string, Queue>(names.map((name) => [name, { ready: [], held: [[], []] }]));
  const dead: Publication[] = [];
  const published: Publication[] = [];
  const of = (name: string): Queue => queues.get(name) ?? { ready: undefined, held: [[], []] };
  const keyOf = ({ what }: Entry, queue: string): MessageKey | undefined =>
    'marker' in what ? undefined : { id: what.id, queue, attempt: what.envelope.attempt };

  return {
    /** Copies in dead-letter queues. */
    dead,
    publish(message: Publication): PublishResult {
      published.push(message);
      const wanted = destinationsOf(message.exchange, message.routingKey);
      if (wanted.some(isDeadLetterQueue)) {
        dead.push(message);
        return 'confirmed';
      }
      const taking = wanted.filter((name) => of(name).ready !== undefined);
      for (const name of taking) of(name).ready?.push({ what: message, isRepeated: false, isOrphan: false });
      return taking.length > 0 ? 'confirmed' : 'returned';
    },
    mark(queue: string, marker: string): PublishResult {
      const { ready } = of(queue);
      ready?.push({ what: { marker }, isRepeated: false, isOrphan: false });
      return ready === undefined ? 'returned' : 'confirmed';
    },
    /** Hands the next ones out to a replica; it gives the markers among them, which it settles at once. */
    deliver(queue: string, replica: 0 | 1, count: number): string[] {
      const { ready, held } = of(queue);
      const taken = ready?.splice(0, count) ?? [];
      for (const entry of taken) entry.isRepeated = true;
      held[replica].push(...taken.filter(({ what }) => !('marker' in what)));
      return taken.flatMap(({ what }) => ('marker' in what ? what.marker : []));
    },
    held: (queue: string, replica: 0 | 1): Publication[] =>
      of(queue).held[replica].flatMap(({ what }) => ('marker' in what ? [] : what)),
    ack: (queue: string, replica: 0 | 1): void => void of(queue).held[replica].splice(0),
    /** A replica dies: what it held is ready again, at any place. */
    giveBack(queue: string, replica: 0 | 1, place: number): void {
      const { ready, held } = of(queue);
      const back = held[replica].splice(0).filter(({ isOrphan }) => !isOrphan);
      ready?.splice(place % (ready.length + 1), 0, ...back);
    },
    /** What is ready and what is held is gone, and with `isDeleted` the queue too. Consumers still have what they hold. */
    lose(queue: string, isDeleted: boolean): void {
      const { held } = of(queue);
      of(queue).ready = isDeleted ? undefined : [];
      for (const entry of held.flat()) entry.isOrphan = true;
    },
    /** A replica dies that has met a marker and not noted it. */
    giveMarkerBack: (queue: string, marker: string): void =>
      void of(queue).ready?.unshift({ what: { marker }, isRepeated: true, isOrphan: false }),
    /** What markers say of time is so much older. */
    age(seconds: number): void {
      for (const { ready } of queues.values())
        for (const entry of ready ?? [])
          if ('marker' in entry.what) entry.what = { marker: String(Number(entry.what.marker) - seconds * 1_000_000) };
    },
    declare(queue: string): void {
      of(queue).ready ??= [];
    },
    purge(queue: string): void {
      of(queue).ready?.splice(0);
    },
    /** Any message that was ever published comes once more, in one of its queues. */
    copy(pick: number): void {
      const message = published[pick % Math.max(1, published.length)];
      if (message === undefined) return;
      for (const name of destinationsOf(message.exchange, message.routingKey))
        of(name).ready?.splice(pick % 7, 0, { what: message, isRepeated: true, isOrphan: false });
    },
    /** Messages that lie in their queue and were never handed out: a backlog. */
    backlog: (): MessageKey[] =>
      [...queues].flatMap(([name, { ready }]) =>
        (ready ?? []).flatMap((entry) => (entry.isRepeated ? [] : (keyOf(entry, name) ?? []))),
      ),
    isEmpty: (): boolean => [...queues.values()].every(({ ready, held }) => !ready?.length && !held.flat().length),
  };
}
