/** A service as its worker keeps it, and the words its decisions share. */
import { type Outgoing, send } from '../../contracts/messages/message.ts';
import {
  type ChangeOutcome,
  type ClaimRequest,
  type Service,
  serviceChanged,
} from '../../contracts/messages/service-inventory.ts';
import type { Characteristics, Failure, Resource } from '../../contracts/messages/values.ts';
import type { OrderItemAction } from '../../contracts/states/service-order.ts';

/** A claim that waits for its turn, oldest first. */
export interface Waiting {
  readonly orderId: string;
  readonly request: ClaimRequest;
}

/** The change that holds the service: what was asked, what the service was before, how much was reported of it. */
export interface Change {
  readonly action: OrderItemAction;
  readonly before: Service;
  readonly sequence: number;
  /** Claimed back by the order that changed it, to take that change back. */
  readonly again?: boolean | undefined;
}

/** How the last change ended: by it, a change that others have built on is known. */
export interface LastSettled {
  readonly number: number;
  readonly orderId: string;
  readonly itemId: string;
  readonly outcome: ChangeOutcome;
  readonly failure?: Failure | undefined;
}

/** A service as its worker keeps it. */
export interface ServiceState {
  readonly service: Service;
  readonly waiting: readonly Waiting[];
  /** Claims granted so far; the next one's number is one more. */
  readonly claims: number;
  readonly change: Change | null;
  readonly lastSettled: LastSettled | null;
  readonly deleted: boolean;
}

export interface Effects {
  readonly save?: readonly ServiceState[];
  readonly send?: readonly Outgoing[];
}

export type Get = (id: string) => ServiceState | undefined;

/** How far an activation got, as its activator reports it. */
export interface ActivationReport {
  readonly orderId: string;
  readonly itemId: string;
  readonly number: number;
  readonly sequence: number;
  readonly stage: 'landed' | ChangeOutcome;
  readonly characteristics: Characteristics;
  readonly requested: Characteristics;
  readonly resources: readonly Resource[];
  readonly failure?: Failure | undefined;
  readonly missing?: readonly string[] | undefined;
  readonly operation?: 'suspend' | 'resume' | undefined;
}

/** The event that shows a service as it is. */
export const changed = ({ service, deleted }: ServiceState): Outgoing => send(serviceChanged, { service, deleted });

/** The next revision of a service. */
export const revised = (service: Service, now: Date): Service => ({
  ...service,
  revision: service.revision + 1,
  updatedAt: now.toISOString(),
});

/** A service that is off the network for good. */
export const terminated = (service: Service, now: Date): Service => ({
  ...service,
  state: 'terminated',
  operatingStatus: 'terminated',
  resources: [],
  endDate: now.toISOString(),
});

/** Resources by type: what landed takes the place of what was. */
export const merged = (known: readonly Resource[], landed: readonly Resource[]): Resource[] => [
  ...known.filter((resource) => !landed.some((one) => one.type === resource.type)),
  ...landed,
];
