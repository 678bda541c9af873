import type { z } from 'zod';
import type { ServiceSpecification } from '../../../contracts/messages/service-catalog.ts';
import type { SupportingService } from '../../../contracts/messages/service-inventory.ts';
import type { Characteristics, Resource } from '../../../contracts/messages/values.ts';
import type { Duration } from '../retry.ts';
import type { Platform } from './platform.ts';

/** What a step works from. */
export interface StepInput<Want> {
  /** The service's reference on the network. */
  readonly ref: string;
  /** What the service shall be; when a change is taken back, what it was. */
  readonly want: Want;
  /** What landed so far in this activation, and for an existing service what is known of it. */
  readonly facts: Characteristics;
  /** The service of that type which this one stands on. */
  readonly supporting: (serviceType: string) => SupportingService | undefined;
  readonly specification: ServiceSpecification;
}

/** What a landed step adds to the inventory. */
export interface Landed {
  readonly characteristics?: Characteristics;
  readonly resources?: readonly Resource[];
}

interface StepShape<Want, Client, Result> {
  readonly on: Platform<Client>;
  /** Characteristics the step depends on: a modify that changes none of them leaves it alone. All, unless told. */
  readonly uses?: readonly (keyof Want & string)[];
  /** Safe by reference: the runtime calls again only after reading back. */
  readonly apply: (input: StepInput<Want>, network: Client) => Promise<Result>;
  /** Takes back what `apply` made; also how a service is deleted. */
  readonly undo: (input: StepInput<Want>, network: Client) => Promise<unknown>;
  readonly lands?: (result: Result, input: StepInput<Want>) => Landed;
}

/** A step with the types of its platform erased. */
export interface Step<Want> {
  readonly name: string;
  readonly on: Platform;
  readonly uses: readonly string[] | undefined;
  readonly apply: (input: StepInput<Want>, network: unknown) => Promise<unknown>;
  readonly undo: (input: StepInput<Want>, network: unknown) => Promise<unknown>;
  readonly lands: (result: unknown, input: StepInput<Want>) => Landed;
}

export interface ActivatorPolicy {
  /** Calls of one step in all before it falls out. */
  readonly attempts?: number;
  readonly backoff?: Duration;
  readonly longestBackoff?: Duration;
}

/** A service type: declared, not programmed. */
export interface Activator<Want = unknown> {
  readonly serviceType: string;
  /** The floor: a specification may narrow it, never widen it. */
  readonly characteristics: z.ZodType<Want>;
  readonly steps: readonly Step<Want>[];
  readonly policy: ActivatorPolicy;
}

/** Declares one step of a service type, in order. The runtime owns intents, retries, breaker, timeouts and compensation. */
export type DeclareStep<Want> = <Client, Result>(name: string, shape: StepShape<Want, Client, Result>) => Step<Want>;

/** Declares a service type: its characteristics, its steps in order, its policy. */
export function activator<Schema extends z.ZodType>(declaration: {
  readonly serviceType: string;
  readonly characteristics: Schema;
  readonly steps: (step: DeclareStep<z.output<Schema>>) => readonly Step<z.output<Schema>>[];
  readonly policy?: ActivatorPolicy;
}): Activator {
  const { serviceType, characteristics, steps, policy = {} } = declaration;
  const names = new Set<string>();
  const declared = steps((name, shape) => {
    if (names.has(name)) throw new Error(`The activator "${serviceType}" has two steps named ${name}.`);
    names.add(name);
    return erased(name, shape);
  });
  return { serviceType, characteristics, steps: declared as readonly Step<unknown>[], policy };
}

function erased<Want, Client, Result>(name: string, shape: StepShape<Want, Client, Result>): Step<Want> {
  return {
    name,
    on: shape.on,
    uses: shape.uses,
    apply: (input, network) => shape.apply(input, network as Client),
    undo: (input, network) => shape.undo(input, network as Client),
    lands: (result, input) => shape.lands?.(result as Result, input) ?? {},
  };
}
