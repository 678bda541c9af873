import type { MessageDefinition } from '../../contracts/messages/message.ts';
import { serviceChanged, serviceCommandRefused } from '../../contracts/messages/service-inventory.ts';
import { serviceOrderChanged, serviceOrderCommandRefused } from '../../contracts/messages/service-ordering.ts';
import type { CommandRefused } from '../../contracts/messages/values.ts';
import { serviceResource } from '../apis/tmf638/descriptor.ts';
import { toView as serviceView } from '../apis/tmf638/translate.ts';
import { serviceOrderResource } from '../apis/tmf641/descriptor.ts';
import { toView as serviceOrderView } from '../apis/tmf641/translate.ts';
import type { ResourceDescriptor } from '../tmf630/descriptor.ts';
import type { Change } from './projection.ts';

/** How one owner's events become the views of one resource. */
export interface Projection<Body = unknown> {
  readonly resource: ResourceDescriptor;
  readonly changed: MessageDefinition<Body>;
  readonly refused: MessageDefinition<CommandRefused>;
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
