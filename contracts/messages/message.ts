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
  /** The key the broker routes by: for a command the queue that owns it, for an event its own name. */
  readonly route: (body: Body) => string;
}

/** A message on its way out: what a decision returns, before the runtime gives it an id and writes it to the outbox. */
export interface Outgoing {
  readonly definition: MessageDefinition<unknown>;
  readonly body: unknown;
}

/**
 * Declares a command.
 *
 * @param name `<domain>.<verb-object>.v<version>`
 * @param shape.body the zod schema of the body
 * @param shape.to the queue that owns the command, or a function of the body that names it
 */
export function command<Schema extends z.ZodType>(
  name: string,
  shape: { body: Schema; to: string | ((body: z.output<Schema>) => string) },
): MessageDefinition<z.output<Schema>> {
  const to = shape.to;
  return {
    kind: 'command',
    name,
    exchange: 'cmd',
    schema: shape.body as unknown as z.ZodType<z.output<Schema>>,
    optional: false,
    route: typeof to === 'string' ? () => to : to,
  };
}

/**
 * Declares an event.
 *
 * @param name `<domain>.<thing-happened>.v<version>`, which is its routing key too
 * @param shape.body the zod schema of the body
 * @param shape.optional true when nobody need listen
 */
export function event<Schema extends z.ZodType>(
  name: string,
  shape: { body: Schema; optional?: boolean },
): MessageDefinition<z.output<Schema>> {
  return {
    kind: 'event',
    name,
    exchange: 'evt',
    schema: shape.body as unknown as z.ZodType<z.output<Schema>>,
    optional: shape.optional ?? false,
    route: () => name,
  };
}

/** Pairs a body with its definition; the compiler checks that they belong together. */
export function send<Body>(definition: MessageDefinition<Body>, body: NoInfer<Body>): Outgoing {
  return { definition: definition as MessageDefinition<unknown>, body };
}
