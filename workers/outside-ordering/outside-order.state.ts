/** An order that was placed outside and what is said of it: the words its decisions share. */
import type { Outgoing } from '../../contracts/messages/message.ts';
import type { ServiceOrderRequest } from '../../contracts/messages/service-ordering.ts';
import type { Failure } from '../../contracts/messages/values.ts';
import type { ServiceOrderState } from '../../contracts/states/service-order.ts';

/**
 * What is asked of the endpoint. Two change something there, `place` and `cancel`, and each has its read-back for when
 * nobody knows how it ended: `find` and `findCancel`. `poll` and `pollCancel` follow what was asked for.
 */
export const steps = ['place', 'find', 'poll', 'cancel', 'findCancel', 'pollCancel'] as const;
export type Step = (typeof steps)[number];

/** How an order stands, as it is told. */
export interface Standing {
  readonly state: ServiceOrderState;
  readonly failure?: Failure | undefined;
  readonly cancellationRefused?: Failure | undefined;
}

export const cancellingStages = ['wanted', 'asked', 'refused'] as const;
/** `wanted`: not asked yet, or nobody knows whether. `asked`: the endpoint took the request, as its task. */
export interface Cancelling {
  readonly id: string;
  readonly reason?: string | undefined;
  readonly stage: (typeof cancellingStages)[number];
  readonly taskId?: string | undefined;
  /** Why it was refused. */
  readonly failure?: Failure | undefined;
  /** Since when the task is missing (ISO instant). */
  readonly missingSince?: string | undefined;
}

export interface OutsideOrder {
  readonly id: string;
  readonly revision: number;
  /** The revision its row had when this transaction read it; undefined while there is none. Not kept in the row. */
  readonly readAt?: number | undefined;
  readonly serviceType: string;
  /** Undefined: its cancellation came first. */
  readonly request?: ServiceOrderRequest | undefined;
  readonly requestedBy: ServiceOrderRequest['requestedBy'];
  readonly ended: boolean;
  /** What is asked next, or is being asked while `open`. */
  readonly step: Step;
  readonly open: boolean;
  /** Fences: an answer counts only for the attempt it was made under. */
  readonly attempt: number;
  /** The revision that opened this attempt: only the process that committed it may make the call. */
  readonly openedBy?: number | undefined;
  readonly openedAt?: string | undefined;
  /** Calls in a row that had no effect. */
  readonly failures: number;
  /** Since when the outcome of the call is unknown (ISO instant). */
  readonly uncertainSince?: string | undefined;
  /** What went wrong last, while it is not mended. */
  readonly trouble?: Failure | undefined;
  /** What the endpoint calls it. */
  readonly remoteId?: string | undefined;
  readonly missingSince?: string | undefined;
  readonly cancelling?: Cancelling | undefined;
  /** It is being called off because its deadline has passed. */
  readonly overdue?: boolean | undefined;
  /** What was told last; `orderRevision` counts it. */
  readonly told?: Standing | undefined;
  readonly orderRevision: number;
  readonly deadlineAt: string;
  /** The message that set it going last, and its span. */
  readonly origin?: { readonly messageId: string; readonly traceparent?: string | undefined } | undefined;
  /** The open call's lease, or when the next is made; null when it has ended. */
  readonly dueAt: Date | null;
}

/** What the decisions need to know of a service type's endpoint, in milliseconds. */
export interface Rules {
  readonly leaseMs: number;
  readonly pollMs: number;
  readonly settleMs: number;
  readonly vanishedMs: number;
  readonly deadlineMs: number;
  /** How often an order is placed that has no effect. */
  readonly attempts: number;
  /** Milliseconds until a call that failed that often is made again. */
  readonly backoff: (failures: number) => number;
}

/** An order as the endpoint shows it. */
export interface RemoteOrder {
  readonly id: string;
  readonly state: ServiceOrderState;
  readonly failure?: Failure | undefined;
}

/** A task to cancel an order, as the endpoint shows it. */
export interface RemoteTask {
  readonly id: string;
  readonly state: 'accepted' | 'inProgress' | 'done' | 'terminatedWithError';
  readonly failure?: Failure | undefined;
}

/** What a call or a read came to. `counted` false: an outage, which is the breaker's business. */
export type Result =
  | { readonly kind: 'order'; readonly order: RemoteOrder }
  | { readonly kind: 'task'; readonly task: RemoteTask }
  | { readonly kind: 'refused'; readonly failure: Failure }
  /** Certainly no effect. */
  | {
      readonly kind: 'notReached';
      readonly failure: Failure;
      readonly counted: boolean;
      readonly retryAfterMs?: number | undefined;
    }
  /** Nobody knows whether it had an effect. */
  | { readonly kind: 'unknown'; readonly failure: Failure; readonly counted: boolean }
  /** What was read is not there. */
  | { readonly kind: 'absent' }
  /** The read itself failed, or its answer makes no sense. */
  | { readonly kind: 'unreadable'; readonly failure: Failure; readonly counted: boolean };

export interface Outcome {
  readonly id: string;
  readonly attempt: number;
  readonly result: Result;
}

export interface Effects {
  readonly save?: readonly OutsideOrder[];
  readonly send?: readonly Outgoing[];
}
