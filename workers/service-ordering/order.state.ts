/** A service order as its worker keeps it, and what its decisions may come to. */
import type { Outgoing } from '../../contracts/messages/message.ts';
import type { Service, SupportingService } from '../../contracts/messages/service-inventory.ts';
import type {
  Cancellation,
  ItemProgress,
  RequestedItem,
  ServiceOrder,
} from '../../contracts/messages/service-ordering.ts';
import type { Characteristics, Failure } from '../../contracts/messages/values.ts';
import type { ResolvedItem } from './validate.decide.ts';

/** Of a service whose change was settled, what those that depend on it are told. */
export type Settled = Pick<Service, 'id' | 'serviceType' | 'characteristics' | 'resources'>;

/** What service ordering remembers of an item beside what it shows: what it learned from others, to launch it. */
export interface ItemWork {
  readonly resolved?: ResolvedItem | undefined;
  readonly claimNumber?: number | undefined;
  readonly previous?: Characteristics | undefined;
  readonly supporting?: readonly SupportingService[] | undefined;
  /** Optional steps that an earlier change of its service had to leave out. */
  readonly missing?: readonly string[] | undefined;
  /** As the inventory held it when its change was settled: what dependants stand on. */
  readonly settled?: Settled | undefined;
  /** How its activation stood last. */
  readonly status?: { readonly sequence: number; readonly status: 'running' | 'waiting' | 'stalled' } | undefined;
  /** A command about it was given up. Called so since that was only ever the command that begins it. */
  readonly unbegun?: Unbegun | undefined;
  /** What was asked and heard in that round of cancelling. */
  readonly cancelling?: ItemCancelling | undefined;
}

/** What was given up, and is sent again when a person retries the item: the claim of its service, or a command to its activator. */
export const waysToBeHeld = ['claim', 'activate', 'proceed', 'abandon'] as const;
export type HeldFor = (typeof waysToBeHeld)[number];

export interface Unbegun {
  /** It stands still for that, until it is heard of or retried. */
  readonly held: boolean;
  /** Absent: the command that begins it. */
  readonly command?: HeldFor | undefined;
  /** The message that was given up last. */
  readonly messageId?: string | undefined;
  /** The alert that says so. */
  readonly alert?: string | undefined;
  /** What was given up before that counts no more for the release before, which looks in the journal. */
  readonly retriedAt?: string | undefined;
}

export interface ItemCancelling {
  readonly round: number;
  /** Its activator's verdict. `over`: the outcome of its change is on its way. */
  readonly verdict?: { readonly failure?: Failure | undefined; readonly over: boolean } | undefined;
  /** Its service was asked for again; the claim's number, or why not. */
  readonly again?: { readonly number?: number | undefined; readonly failure?: Failure | undefined } | undefined;
  readonly proceeding?: boolean | undefined;
}

/** A service order as its worker keeps it. */
export interface OrderState {
  readonly order: ServiceOrder;
  readonly work: Readonly<Record<string, ItemWork>>;
  /** Requests to cancel it, oldest first: the last may be under way, the others were refused. */
  readonly cancellations: readonly Cancellation[];
  /** The next date that it waits for; null when there is none. */
  readonly dueAt: Date | null;
  readonly deleted: boolean;
}

export interface Effects {
  readonly save?: readonly OrderState[];
  readonly send?: readonly Outgoing[];
}

/** Typical milliseconds of an item, by `<service type> <action>`: see `duration.store.ts`. */
export type Durations = ReadonlyMap<string, number>;

export const durationKey = (serviceType: string, action: RequestedItem['action']): string => `${serviceType} ${action}`;

export const progressOf = ({ progress }: Pick<ServiceOrder, 'progress'>, itemId: string): ItemProgress =>
  progress[itemId] ?? { state: 'acknowledged' };
