/** A product order as its worker keeps it, and what its decisions may come to. */
import type { DecompositionRule, ErrorClass, RecoveryPolicy } from '../../contracts/messages/decomposition.ts';
import type { Outgoing } from '../../contracts/messages/message.ts';
import type {
  ProductOrder,
  ProductOrderCancellation,
  ProductOrderPlan,
  ProductOrderRequest,
} from '../../contracts/messages/order-management.ts';
import type { Product } from '../../contracts/messages/product-inventory.ts';
import type { Failure } from '../../contracts/messages/values.ts';
import type { StageTrigger } from './product-order.machine.ts';

export const goals = ['deliver', 'takeBack'] as const;
/** What order management remembers of a delivery beside what it shows. */
export interface DeliveryWork {
  /** Revision of what was heard last of its service order; 0 when nothing was. */
  readonly heard: number;
  /** Every service order it had, oldest first. */
  readonly serviceOrders: readonly string[];
  /** The service is on the network as it was asked for, or (a delete) off it. Taking that back takes a service order. */
  readonly landed: boolean;
  readonly goal: (typeof goals)[number];
  /** How often it was tried again, by error class; `undo`: how often taking it back was. */
  readonly retries: { readonly [Class in ErrorClass | 'undo']?: number };
  /** Waiting: until when. */
  readonly waitUntil?: string | undefined;
  /** It came to this, and its policy has not been asked yet. */
  readonly trouble?: ErrorClass | undefined;
  /** Its service order was asked to be cancelled, for that round of cancelling (0: to take it back). */
  readonly asked?: { readonly id: string; readonly round: number; readonly refused?: Failure | undefined } | undefined;
  readonly asks: number;
  /** It could not be taken back. */
  readonly spoiled?: Failure | undefined;
  /** Held by its policy: it is a person's turn. */
  readonly heldHere?: boolean | undefined;
  /** Held because the command that places its service order was given up: nobody but its letter knows of that order. */
  readonly fellOut?: boolean | undefined;
}

/** Why a product does not become what was ordered. */
export const waysToGiveUp = ['failed', 'rolledBack', 'leftOut', 'cancelled'] as const;
export type GivenUp = (typeof waysToGiveUp)[number];

/** One step of an order's way. `about` is the order, or a delivery by its component. */
export interface AuditEntry {
  readonly at: string;
  readonly about: string;
  readonly from: string;
  readonly to: string;
  /** The message that caused it. */
  readonly cause: string;
  /** In words, where the message does not say it. */
  readonly why?: string | undefined;
}

export const claimStates = ['none', 'asked', 'granted'] as const;
/** A product order as its worker keeps it. */
export interface OrderState {
  readonly order: ProductOrder;
  /** Until the products are claimed: of what the order adds, which is all that can be planned without them. */
  readonly plan: ProductOrderPlan | null;
  /** The plan is what the order comes to. */
  readonly planned: boolean;
  /** Products as they were when they were claimed. */
  readonly products: readonly Product[];
  /** The recovery policies it was accepted under. */
  readonly policies: readonly RecoveryPolicy[];
  readonly work: Readonly<Record<string, DeliveryWork>>;
  /** By product. */
  readonly givenUp: Readonly<Record<string, GivenUp>>;
  readonly claim: (typeof claimStates)[number];
  /** Number of the newest record of its products. */
  readonly records: number;
  /** Where it ends once the product inventory has recorded what it came to. */
  readonly ending: StageTrigger | null;
  readonly cancellations: readonly ProductOrderCancellation[];
  /** Orders that are placed when this one has ended. */
  readonly followUps: readonly ProductOrderRequest[];
  readonly audit: readonly AuditEntry[];
  /** When a date comes, or a wait for another attempt is over. */
  readonly dueAt: Date | null;
  readonly deleted: boolean;
}

export interface Effects {
  readonly save?: readonly OrderState[];
  readonly send?: readonly Outgoing[];
}

export interface Fault {
  readonly itemId: string;
  readonly failure: Failure;
}

export type IdOf = (...parts: readonly string[]) => string;

/** Rules as they are chosen for an order: those it runs by, and those its products were realized by. */
export interface ChosenRules {
  readonly rules: readonly DecompositionRule[];
  readonly former: readonly DecompositionRule[];
  readonly faults: readonly Fault[];
}

/** What decisions are made with: pure functions, and what the role was configured with. */
export interface Tools {
  /** The same id for the same parts, always. */
  readonly idOf: IdOf;
  /** Service types whose orders are placed outside. */
  readonly outsideTypes: ReadonlySet<string>;
  readonly chooseRules: (
    order: ProductOrderRequest,
    rules: readonly DecompositionRule[],
    products: readonly Product[],
    pinned: ProductOrder['rules'],
  ) => ChosenRules;
  /** Without products, items about existing ones come to nothing. */
  readonly decompose: (
    order: ProductOrderRequest,
    known: Pick<ChosenRules, 'rules' | 'former'> & { readonly products?: readonly Product[] | undefined },
    idOf: IdOf,
  ) => { readonly plan: ProductOrderPlan } | { readonly faults: readonly Fault[] };
}

/** What every decision is told beside its message. */
export interface Turn {
  readonly now: Date;
  /** The message it is about, for the audit. */
  readonly cause: string;
  readonly tools: Tools;
}
