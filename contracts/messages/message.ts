import type { z } from 'zod';

/** The exchange a message goes through: `cmd` asks one owner to do something, `evt` tells everyone who bound to it. */
export type Exchange = 'cmd' | 'evt';

/**
 * A message of the fleet: its name with version, its body's schema and how it is routed, in one place.
 * The name is `<domain>.<what>.v<version>`; a consumer accepts versions N and N-1, a version is emitted one release
 * after every consumer accepts it.
 */
export interface MessageDefinition<Body> {
  readonly kind: 'command' | 'event';
  readonly name: string;
  readonly exchange: Exchange;
  readonly schema: z.ZodType<Body>;
  /** Events that nobody need listen to. Everything else that no queue takes is an alarm. */
  readonly optional: boolean;
  /** Of a command: what its sender does when it is given up. */
  readonly whenGivenUp: WhenGivenUp | undefined;
  /** Of a command: what its sender knows it by. */
  key?(body: Body): string | undefined;
  /** Of an event: the words one of which ends its routing key. */
  readonly topics: readonly string[];
  /** The key the broker routes by: for a command the queue that owns it, for an event its own name, and its topic where it has one. */
  readonly route: (body: Body) => string;
  /** The version before: still taken, and still emitted while a rolling upgrade says so. */
  readonly previous?: PreviousVersion<Body>;
}

/**
 * What the sender of a command does when it is given up. `hold`: what the command was for stands still until a person
 * decides. `refuse`: it is answered as if its owner had said no. `warn`: the order that it belongs to shows an alert, and
 * goes on when its letter is replayed.
 */
export type WhenGivenUp = 'hold' | 'refuse' | 'warn';

/** How a message was spelled one version ago. A consumer takes both; what is emitted is the fleet's choice. */
export interface PreviousVersion<Body> {
  readonly name: string;
  readonly schema: z.ZodType;
  upgrade(old: unknown): Body;
  /** Undefined: the version before had no word for it, and nothing is sent. */
  downgrade(body: Body): unknown;
}

/** A message on its way out: what a decision returns, before the runtime gives it an id and writes it to the outbox. */
export interface Outgoing {
  readonly definition: MessageDefinition<unknown>;
  readonly body: unknown;
  /** True for an event beside the one that answers the awaited command: it tells no waiter anything. */
  readonly aside?: true;
}

/**
 * Declares a command.
 *
 * @param name `<domain>.<verb-object>.v<version>`
 * @param shape.body the zod schema of the body
 * @param shape.to the queue that owns the command, or a function of the body that names it
 * @param shape.whenGivenUp what its sender does when its owner gives it up
 * @param shape.key what its sender knows it by, where that is not the order alone
 * @param shape.previous how the version before was spelled
 */
export function command<Schema extends z.ZodType>(
  name: string,
  shape: {
    body: Schema;
    to: string | ((body: z.output<Schema>) => string);
    whenGivenUp: WhenGivenUp;
    key?: (body: z.output<Schema>) => string;
    previous?: PreviousVersion<z.output<Schema>>;
  },
): MessageDefinition<z.output<Schema>> {
  const to = shape.to;
  return {
    ...(shape.previous === undefined ? {} : { previous: shape.previous }),
    kind: 'command',
    name,
    exchange: 'cmd',
    schema: shape.body as unknown as z.ZodType<z.output<Schema>>,
    optional: false,
    whenGivenUp: shape.whenGivenUp,
    ...(shape.key === undefined ? {} : { key: shape.key }),
    topics: [],
    route: typeof to === 'string' ? () => to : to,
  };
}

/**
 * Declares an event.
 *
 * @param name `<domain>.<thing-happened>.v<version>`, which is its routing key too
 * @param shape.body the zod schema of the body
 * @param shape.optional true when nobody need listen
 * @param shape.topics one more word of the routing key, for consumers that want some of them only
 * @param shape.previous how the version before was spelled
 */
export function event<Schema extends z.ZodType>(
  name: string,
  shape: {
    body: Schema;
    optional?: boolean;
    topics?: { readonly names: readonly string[]; readonly of: (body: z.output<Schema>) => string };
    previous?: PreviousVersion<z.output<Schema>>;
  },
): MessageDefinition<z.output<Schema>> {
  return {
    ...(shape.previous === undefined ? {} : { previous: shape.previous }),
    kind: 'event',
    name,
    exchange: 'evt',
    schema: shape.body as unknown as z.ZodType<z.output<Schema>>,
    optional: shape.optional ?? false,
    whenGivenUp: undefined,
    topics: shape.topics?.names ?? [],
    route: (body) => (shape.topics === undefined ? name : `${name}.${shape.topics.of(body)}`),
  };
}

/** Declares how a message was spelled one version ago, with its types checked. */
export const previousVersion = <Old extends z.ZodType, Body>(version: {
  readonly name: string;
  readonly body: Old;
  readonly upgrade: (old: z.output<Old>) => Body;
  readonly downgrade: (body: Body) => z.output<Old> | undefined;
}): PreviousVersion<Body> => ({
  name: version.name,
  schema: version.body,
  upgrade: version.upgrade,
  downgrade: version.downgrade,
});

/** Marks an event as one that does not answer the awaited command that caused it. */
export const aside = (message: Outgoing): Outgoing => ({ ...message, aside: true });

/** Pairs a body with its definition; the compiler checks that they belong together. */
export function send<Body>(definition: MessageDefinition<Body>, body: NoInfer<Body>): Outgoing {
  return { definition: definition as MessageDefinition<unknown>, body };
}

/** Which spelling of messages that have two is emitted: the previous one until every consumer takes the current. */
export const messageVersions = ['current', 'previous'] as const;
export type MessageVersions = (typeof messageVersions)[number];

/** What a message may be called where it is met: by its name, and by that of the version before. */
export const namesOf = <Body>({ name, previous }: MessageDefinition<Body>): string[] =>
  previous === undefined ? [name] : [name, previous.name];

/**
 * A message in the spelling the fleet emits now.
 *
 * @throws Error when the version before cannot say it: nothing that was decided is left out
 */
export function spelled(message: Outgoing, versions: MessageVersions): Outgoing {
  const { definition, body } = message;
  const { previous } = definition;
  if (versions === 'current' || previous === undefined) return message;
  const old = previous.downgrade(body);
  if (old === undefined) throw new Error(`${definition.name} cannot be said as ${previous.name}`);
  const to = definition.kind === 'event' ? previous.name : definition.route(body);
  return { ...message, definition: { ...definition, name: previous.name, route: () => to }, body: old };
}
