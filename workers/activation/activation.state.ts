/** An activation and what is said of it: the words its decisions share. */
import type { ActivateItem } from '../../contracts/messages/activation.ts';
import type { Outgoing } from '../../contracts/messages/message.ts';
import type { ServiceSpecification, SpecificationReference } from '../../contracts/messages/service-catalog.ts';
import type { Characteristics, Failure, Resource } from '../../contracts/messages/values.ts';
import type { EntryState, Phase } from './activation.machine.ts';
import type { Planned, StepOutline } from './plan.decide.ts';

/** One call, read-back or poll, for people who ask how it went. */
export interface Attempt {
  readonly what: 'call' | 'read' | 'poll' | 'answer';
  readonly at: string;
  readonly endedAt?: string | undefined;
  readonly result?: string | undefined;
  readonly reason?: string | undefined;
}

/** One entry of an activation's plan and how far it got. */
export interface Entry extends Planned {
  readonly state: EntryState;
  readonly generation: number;
  /** Fences: a result counts only for the attempt it was made under. */
  readonly attempt: number;
  /** The activation's revision that opened this attempt: only the process that committed it may drive it. */
  readonly openedBy?: number | undefined;
  /** Calls that failed in this generation. */
  readonly failures: number;
  /** Since when the outcome of a call is unknown (ISO instant). */
  readonly uncertainSince?: string | undefined;
  readonly failure?: Failure | undefined;
  /** Until when an outside system has to answer (ISO instant); set when it took the work on. */
  readonly deadlineAt?: string | undefined;
  /** The outside system's answer came: the same again says nothing new. */
  readonly answered?: boolean | undefined;
  /** The last attempts, oldest first. */
  readonly log?: readonly Attempt[] | undefined;
}

export const cancellingStages = ['assessed', 'abandoned', 'proceeding'] as const;
/** How far the cancelling of an activation got. `assessed`: it stands still. `round` counts the order's cancellations. */
export interface Cancelling {
  readonly round: number;
  readonly stage: (typeof cancellingStages)[number];
  /** The claim under which the taking back is reported. */
  readonly claimNumber: number;
}

/** The command an item is begun by, with the specification that it refers to. */
export type Specified = Omit<ActivateItem, 'specification'> & { readonly specification: ServiceSpecification };

/** One order item's way onto the network, as its activator keeps it. */
export interface Activation {
  readonly id: string;
  readonly revision: number;
  /** The revision its row had when this transaction read it; undefined while there is none. Not kept in the row. */
  readonly readAt?: number | undefined;
  readonly command: Specified;
  /** How its row refers to the specification; undefined while there is no row. */
  readonly referred?: SpecificationReference | undefined;
  readonly phase: Phase;
  readonly entries: readonly Entry[];
  readonly position: number;
  readonly characteristics: Characteristics;
  readonly resources: readonly Resource[];
  /** Reports sent to the inventory so far. */
  readonly sequence: number;
  readonly failure?: Failure | undefined;
  /** It is being taken back, for whatever reason. */
  readonly turned?: boolean | undefined;
  readonly cancelling?: Cancelling | undefined;
  /** The message that set it going last, and its span: what a call comes to follows from it. */
  readonly origin?: { readonly messageId: string; readonly traceparent?: string | undefined } | undefined;
  /** The open entry's lease, or when to look at it again; null when nothing is open. */
  readonly dueAt: Date | null;
}

/** What the decisions need to know of a service type. */
export interface Rules {
  readonly steps: readonly StepOutline[];
  readonly pointOfNoReturn: string | undefined;
  readonly partial: 'keep' | 'compensate';
  /** Milliseconds by platform: how long a lease lasts, how long a lost call may still take effect. */
  readonly platforms: Readonly<Record<string, { readonly leaseMs: number; readonly settleMs: number }>>;
  readonly attempts: number;
  /** Milliseconds until a call that failed that often is made again. */
  readonly backoff: (failures: number) => number;
  /** This process is about to end: whose turn has come waits, due at once, for another to call it. */
  readonly handsOver?: boolean;
}

/** What a call or a read-back came to. */
export type Result =
  | { readonly kind: 'landed'; readonly characteristics: Characteristics; readonly resources: readonly Resource[] }
  /** An outside system took it on. `wait`: how long it has and how often it is asked, where that is not as declared. */
  | { readonly kind: 'pending'; readonly wait?: StepOutline['external'] }
  | { readonly kind: 'refused'; readonly failure: Failure }
  /** Certainly no effect. `counted` false: turned away before it was tried (breaker, bulkhead), no attempt burned. */
  | {
      readonly kind: 'notReached';
      readonly failure: Failure;
      readonly counted: boolean;
      readonly retryAfterMs?: number | undefined;
    }
  /** Nobody knows. `counted` false: the platform is away, which is the breaker's business. */
  | { readonly kind: 'unknown'; readonly failure: Failure; readonly counted?: boolean }
  | { readonly kind: 'absent' }
  /** The read-back or poll itself failed. `counted` false: the platform is away, which is the breaker's business. */
  | { readonly kind: 'unreadable'; readonly failure: Failure; readonly counted?: boolean };

export interface Outcome {
  readonly id: string;
  readonly position: number;
  readonly attempt: number;
  readonly result: Result;
}

export interface Effects {
  readonly save?: readonly Activation[];
  readonly send?: readonly Outgoing[];
  readonly fallOut?: readonly { message: Outgoing; code: string; reason: string }[];
}

/** The entry that is open, or was last. */
export function current(activation: Activation): Entry {
  const entry = activation.entries[activation.position];
  if (entry === undefined) throw new Error(`activation ${activation.id} has no entry ${activation.position}`);
  return entry;
}

/** Where the open entry stands; of an activation without entries, at its end. */
export const currentState = (activation: Activation): EntryState =>
  activation.entries[activation.position]?.state ?? 'landed';

/** Which way an activation that stalled was going. */
export const courseOf = ({ failure, turned }: Activation): 'applying' | 'compensating' =>
  failure === undefined && turned !== true ? 'applying' : 'compensating';

export const outlineOf = ({ steps }: Pick<Rules, 'steps'>, { step }: Pick<Entry, 'step'>): StepOutline | undefined =>
  steps.find(({ name }) => name === step);

/** Steps that the service has to do without. */
export function missingSteps({ command: { missing = [] }, entries }: Activation): string[] {
  const done = new Set(
    entries.filter((one) => one.state === 'landed' && one.direction === 'apply').map((one) => one.step),
  );
  const refused = entries.filter((one) => one.state === 'refused').map((one) => one.step);
  return [...new Set([...missing, ...refused])].filter((step) => !done.has(step));
}
