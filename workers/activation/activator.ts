import type { z } from 'zod';
import type { ServiceSpecification } from '../../contracts/messages/service-catalog.ts';
import type { SupportingService } from '../../contracts/messages/service-inventory.ts';
import type { Characteristics, Resource } from '../../contracts/messages/values.ts';
import type { Duration } from '../../ops/platform/messaging/retry.ts';
import type { Pending, Platform } from '../calls/platform.ts';

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

/** How a step waits for an outside system that took the work on (its `apply` answered `pending`). */
interface ExternalShape<Want, Client, Result> {
  /** How long the outside system has. After it, what was submitted is taken back. */
  readonly deadline: Duration;
  /** How often it is asked, beside its callback. */
  readonly pollEvery: Duration;
  /** What a callback says when the work is done. */
  readonly answer: z.ZodType<Result>;
  /** Asks how far the work is. Throws a `PlatformRefusal` when the outside system gave it up. */
  readonly read: (input: StepInput<Want>, network: Client) => Promise<Result | Pending>;
}

interface StepShape<Want, Client, Result> {
  readonly on: Platform<Client>;
  /** Characteristics the step depends on: a modify that changes none of them leaves it alone. All, unless told. */
  readonly uses?: readonly (keyof Want & string)[];
  /** Safe by reference: the runtime calls again only after reading back. `pending`: an outside system took it on. */
  readonly apply: (input: StepInput<Want>, network: Client) => Promise<Result | Pending>;
  /** Takes back what `apply` made or began; also how a service is deleted. */
  readonly undo: (input: StepInput<Want>, network: Client) => Promise<unknown>;
  /** Holds the service off the network for a while, and `resume` takes it up again. Both or neither. */
  readonly suspend?: (input: StepInput<Want>, network: Client) => Promise<unknown>;
  readonly resume?: (input: StepInput<Want>, network: Client) => Promise<unknown>;
  readonly lands?: (result: Result, input: StepInput<Want>) => Landed;
  readonly external?: ExternalShape<Want, Client, Result>;
  /** The service can do without it: what the policy's `partial` says happens when the platform refuses it. */
  readonly optional?: boolean;
  /** Said in the order when the step has landed. */
  readonly milestone?: string;
}

/** A step with the types of its platform erased. */
export interface Step<Want> {
  readonly name: string;
  readonly on: Platform;
  readonly uses: readonly string[] | undefined;
  readonly apply: (input: StepInput<Want>, network: unknown) => Promise<unknown>;
  readonly undo: (input: StepInput<Want>, network: unknown) => Promise<unknown>;
  readonly suspend: ((input: StepInput<Want>, network: unknown) => Promise<unknown>) | undefined;
  readonly resume: ((input: StepInput<Want>, network: unknown) => Promise<unknown>) | undefined;
  readonly lands: (result: unknown, input: StepInput<Want>) => Landed;
  readonly external: ExternalShape<Want, unknown, unknown> | undefined;
  readonly optional: boolean;
  readonly milestone: string | undefined;
}

export interface ActivatorPolicy {
  /** Calls of one step in all before it falls out. */
  readonly attempts?: number;
  readonly backoff?: Duration;
  readonly longestBackoff?: Duration;
  /**
   * When a platform refuses an optional step. `keep` (the default): the service goes on without it, degraded, and the
   * item ends `partial`; a later modify tries it again. `compensate`: what landed is taken back, as for any step.
   */
  readonly partial?: 'keep' | 'compensate';
}

/** A service type: declared, not programmed. */
export interface Activator<Want = unknown> {
  readonly serviceType: string;
  /** The floor: a specification may narrow it, never widen it. */
  readonly characteristics: z.ZodType<Want>;
  readonly steps: readonly Step<Want>[];
  /** The step from whose call on an add or modify can no longer be cancelled. */
  readonly pointOfNoReturn: string | undefined;
  readonly policy: ActivatorPolicy;
}

/** Declares one step of a service type, in order. The runtime owns intents, retries, breaker, timeouts and compensation. */
export type DeclareStep<Want> = <Client, Result>(name: string, shape: StepShape<Want, Client, Result>) => Step<Want>;

/**
 * Declares a service type: its characteristics, its steps in order, its policy.
 *
 * @throws Error when two steps share a name, no step says how the service is suspended, or the point of no return is no step
 */
export function activator<Schema extends z.ZodType>(declaration: {
  readonly serviceType: string;
  readonly characteristics: Schema;
  readonly steps: (step: DeclareStep<z.output<Schema>>) => readonly Step<z.output<Schema>>[];
  readonly pointOfNoReturn?: string;
  readonly policy?: ActivatorPolicy;
}): Activator {
  const { serviceType, characteristics, steps, pointOfNoReturn, policy = {} } = declaration;
  const names = new Set<string>();
  const declared = steps((name, shape) => {
    if (names.has(name)) throw new Error(`The activator "${serviceType}" has two steps named ${name}.`);
    names.add(name);
    if ((shape.suspend === undefined) !== (shape.resume === undefined))
      throw new Error(
        `Step ${name} of the activator "${serviceType}" declares one of suspend and resume: it needs both.`,
      );
    return erased(name, shape);
  });
  if (!declared.some((step) => step.suspend !== undefined)) {
    throw new Error(
      `The activator "${serviceType}" cannot suspend its service: give the step that can hold it off the network suspend and resume.`,
    );
  }
  if (pointOfNoReturn !== undefined && !names.has(pointOfNoReturn))
    throw new Error(`The activator "${serviceType}" has no step ${pointOfNoReturn} to be its point of no return.`);
  return { serviceType, characteristics, steps: declared as readonly Step<unknown>[], pointOfNoReturn, policy };
}

function erased<Want, Client, Result>(name: string, shape: StepShape<Want, Client, Result>): Step<Want> {
  return {
    name,
    on: shape.on,
    uses: shape.uses,
    apply: (input, network) => shape.apply(input, network as Client),
    undo: (input, network) => shape.undo(input, network as Client),
    suspend: shape.suspend as Step<Want>['suspend'],
    resume: shape.resume as Step<Want>['resume'],
    lands: (result, input) => shape.lands?.(result as Result, input) ?? {},
    external: shape.external as Step<Want>['external'],
    optional: shape.optional ?? false,
    milestone: shape.milestone,
  };
}
