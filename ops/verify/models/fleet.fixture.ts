/** Workers without a broker and without a database: the handlers they run by, on maps in place of tables. */
import type { Outgoing } from '../../../contracts/messages/message.ts';
import type { Aggregate, FallenOut, Handler } from '../../platform/messaging/handler.ts';
import { derivedId } from '../../platform/ids.ts';

/** A queue with who listens to it. */
export interface Worker {
  readonly queue: string;
  readonly handlers: readonly Handler[];
}

interface FleetOptions {
  /** What a message is decided with beside the aggregates, by the message's name. */
  readonly contexts: Readonly<Record<string, () => unknown>>;
  /** What is not kept but read off what is; undefined for a key that names none of that. */
  readonly derived?: (aggregate: string, key: string) => unknown;
}

/** What one worker made of a message. */
export interface Handled {
  readonly aggregate: string;
  readonly saved: readonly unknown[];
  readonly sent: readonly Outgoing[];
  /** Letters to a person. */
  readonly fallenOut: readonly FallenOut[];
}

/** Workers that share nothing but their messages. */
export function aFleet(workers: readonly Worker[], { contexts, derived }: FleetOptions) {
  const tables = new Map<string, Map<string, unknown>>();
  let count = 0;

  function rows<State>({ name }: Aggregate<State>): Map<string, State> {
    const table = tables.get(name) ?? new Map<string, unknown>();
    tables.set(name, table);
    return table as Map<string, State>;
  }

  const read = (aggregate: Aggregate<unknown>, key: string): unknown =>
    derived?.(aggregate.name, key) ?? rows(aggregate).get(key);

  function save<State>(aggregate: Aggregate<State>, states: readonly State[]): void {
    for (const state of states) rows(aggregate).set(aggregate.key(state), state);
  }

  function tell(handler: Handler, body: unknown, now: Date): Handled {
    const { definition, aggregate } = handler;
    count += 1;
    const received = { id: derivedId('message', String(count)), body, now, awaited: false, answers: undefined };
    const decision = handler.decide((key) => read(aggregate, key), received, contexts[definition.name]?.());
    const nothing = { aggregate: aggregate.name, saved: [], sent: [], fallenOut: [] };
    switch (decision.end) {
      case 'done': {
        const { save: saved = [], send: sent = [], fallOut: fallenOut = [] } = decision;
        save(aggregate, saved);
        return { ...nothing, saved, sent, fallenOut };
      }
      case 'later':
        return { ...nothing, sent: [{ definition, body }] };
      case 'park':
        throw new Error(`${definition.name} is put aside for a person: ${decision.reason}`);
      default:
        return decision satisfies never;
    }
  }

  return {
    rows,
    save,
    read: <State>(aggregate: Aggregate<State>, key: string) => read(aggregate, key) as State | undefined,
    tell,

    /**
     * Gives a message to whom it is for, in the form in which it comes off the wire. An event that only views are made of
     * goes nowhere.
     *
     * @throws Error where a worker puts it aside: nothing that workers say to each other may come to that
     */
    receive({ definition, body }: Outgoing, now: Date): Handled[] {
      const listening = workers
        .filter(({ queue }) => definition.kind === 'event' || definition.route(body) === queue)
        .flatMap(({ handlers }) => handlers.filter((one) => one.definition.name === definition.name));
      if (listening.length === 0) return [];
      const parsed = definition.schema.parse(JSON.parse(JSON.stringify(body)));
      return listening.map((handler) => tell(handler, parsed, now));
    },
  };
}
export type Fleet = ReturnType<typeof aFleet>;
