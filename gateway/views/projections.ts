import type { MessageDefinition } from '../../contracts/messages/message.ts';
import { serviceChanged, serviceCommandRefused } from '../../contracts/messages/service-inventory.ts';
import {
  cancellationChanged,
  serviceOrderChanged,
  serviceOrderCommandRefused,
} from '../../contracts/messages/service-ordering.ts';
import { serviceOrderPlanned } from '../../contracts/messages/service-planning.ts';
import type { CommandRefused } from '../../contracts/messages/values.ts';
import { serviceResource } from '../apis/tmf638/descriptor.ts';
import { toView as serviceView } from '../apis/tmf638/translate.ts';
import { toCancellationView } from '../apis/tmf641/cancellation.translate.ts';
import { cancelServiceOrderResource, serviceOrderResource } from '../apis/tmf641/descriptor.ts';
import { toShownPlan } from '../apis/tmf641/dry-run.ts';
import { toView as serviceOrderView } from '../apis/tmf641/translate.ts';
import type { ResourceDescriptor } from '../tmf630/descriptor.ts';
import type { Answer, Change } from './projection.ts';

/** How one owner's events become the views of one resource. */
export interface Projection<Body = unknown> {
  readonly resource: ResourceDescriptor;
  readonly changed: MessageDefinition<Body>;
  /** Absent where the owner refuses by an event that another resource of its own names already. */
  readonly refused?: MessageDefinition<CommandRefused>;
  readonly change: (body: Body) => Change;
}

const projection = <Body>(one: Projection<Body>): Projection => one as unknown as Projection;

/** Every resource with a view. A new one is an entry here. */
export const projections: readonly Projection[] = [
  projection({
    resource: serviceOrderResource,
    changed: serviceOrderChanged,
    refused: serviceOrderCommandRefused,
    change: ({ order, deleted }) => ({
      id: order.id,
      revision: order.revision,
      deleted,
      toView: (submitted) => serviceOrderView(order, submitted),
    }),
  }),
  projection({
    resource: cancelServiceOrderResource,
    changed: cancellationChanged,
    change: ({ cancellation, deleted }) => ({
      id: cancellation.id,
      revision: cancellation.revision,
      deleted,
      toView: (submitted) => toCancellationView(cancellation, submitted),
    }),
  }),
  projection({
    resource: serviceResource,
    changed: serviceChanged,
    refused: serviceCommandRefused,
    change: ({ service, deleted }) => ({
      id: service.id,
      revision: service.revision,
      deleted,
      toView: (submitted) => serviceView(service, submitted),
    }),
  }),
];

/** How an owner's answer to a question, which changes no view, is told. */
export interface Reply<Body = unknown> {
  readonly resource: ResourceDescriptor;
  readonly answered: MessageDefinition<Body>;
  readonly answer: (body: Body) => Answer;
}

const reply = <Body>(one: Reply<Body>): Reply => one as unknown as Reply;

export const replies: readonly Reply[] = [
  reply({
    resource: serviceOrderResource,
    answered: serviceOrderPlanned,
    answer: ({ commandId, id, plan }) => ({ commandId, id, result: toShownPlan(plan) }),
  }),
];
