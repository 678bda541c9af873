import type { MessageDefinition } from '../../contracts/messages/message.ts';
import {
  productOrderCancellationChanged,
  productOrderChanged,
  productOrderCommandRefused,
  productOrderPlanned,
} from '../../contracts/messages/order-management.ts';
import { productChanged, productCommandRefused } from '../../contracts/messages/product-inventory.ts';
import { serviceChanged, serviceCommandRefused } from '../../contracts/messages/service-inventory.ts';
import {
  cancellationChanged,
  serviceOrderChanged,
  serviceOrderCommandRefused,
} from '../../contracts/messages/service-ordering.ts';
import { serviceOrderPlanned } from '../../contracts/messages/service-planning.ts';
import type { CommandRefused } from '../../contracts/messages/values.ts';
import { toCancellationView as toProductCancellationView } from '../apis/tmf622/cancellation.translate.ts';
import { cancelProductOrderResource, productOrderResource } from '../apis/tmf622/descriptor.ts';
import { toShownPlan as toShownProductPlan } from '../apis/tmf622/dry-run.ts';
import { toView as productOrderView } from '../apis/tmf622/translate.ts';
import { productResource } from '../apis/tmf637/descriptor.ts';
import { toView as productView } from '../apis/tmf637/translate.ts';
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
  projection({
    resource: productOrderResource,
    changed: productOrderChanged,
    refused: productOrderCommandRefused,
    change: ({ order, deleted }) => ({
      id: order.id,
      revision: order.revision,
      deleted,
      toView: (submitted) => productOrderView(order, submitted),
    }),
  }),
  projection({
    resource: cancelProductOrderResource,
    changed: productOrderCancellationChanged,
    change: ({ cancellation, deleted }) => ({
      id: cancellation.id,
      revision: cancellation.revision,
      deleted,
      toView: (submitted) => toProductCancellationView(cancellation, submitted),
    }),
  }),
  projection({
    resource: productResource,
    changed: productChanged,
    refused: productCommandRefused,
    change: ({ product, deleted }) => ({
      id: product.id,
      revision: product.revision,
      deleted,
      toView: (submitted) => productView(product, submitted),
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
  reply({
    resource: productOrderResource,
    answered: productOrderPlanned,
    answer: ({ commandId, orderId, ...planned }) => ({
      commandId,
      id: orderId,
      result: toShownProductPlan(planned),
    }),
  }),
];
