/** Repairs of services that had been delivered and are not what they should be any more. */
import type { RecoveryPolicy } from '../../../contracts/messages/decomposition.ts';
import { type Outgoing, send } from '../../../contracts/messages/message.ts';
import type { CorrectService } from '../../../contracts/messages/order-management.ts';
import { placeOutsideOrder } from '../../../contracts/messages/outside-ordering.ts';
import { type ServiceOrderRequest, acceptServiceOrder } from '../../../contracts/messages/service-ordering.ts';
import type { Tools } from '../order.state.ts';

/** What was asked for of a service. */
export interface Correction {
  readonly serviceId: string;
  /** Of the service, as the last complaint told it: one repair each. */
  readonly revision: number;
  /** When repairs were asked for lately, oldest first. */
  readonly askedAt: readonly string[];
  readonly serviceType: string;
  readonly order: ServiceOrderRequest;
}

/** Repairs count against a service's policy for so long. One that breaks again and again needs a person, not a loop. */
const countedForMs = 24 * 3_600_000;

/**
 * Asks a service's domain for a repair: once for each revision it was found broken at, as often as its policy has it.
 */
export function correct(
  known: Correction | undefined,
  { revision, component, productId }: CorrectService,
  policies: readonly RecoveryPolicy[],
  now: Date,
  tools: Pick<Tools, 'idOf' | 'outsideTypes'>,
): { readonly save?: readonly Correction[]; readonly send?: readonly Outgoing[] } {
  if (known !== undefined && revision <= known.revision) return {};
  const { serviceType, serviceId } = component;
  const { repair } =
    policies.find((one) => one.serviceType === serviceType) ?? policies.find((one) => one.serviceType === '*') ?? {};
  const lately = (known?.askedAt ?? []).filter((at) => now.getTime() - Date.parse(at) < countedForMs);
  if (repair === undefined || lately.length >= repair.attempts) return {};
  const correction: Correction = {
    ...known,
    serviceId,
    revision,
    askedAt: [...lately, now.toISOString()],
    serviceType,
    order: {
      id: tools.idOf('repair', serviceId, String(revision)),
      orderDate: now.toISOString(),
      description: `Repair of ${component.name} of product ${productId}`,
      category: 'repair',
      parties: [],
      items: [
        {
          itemId: component.name,
          action: 'modify',
          dependsOn: [],
          serviceId,
          serviceNamed: true,
          specification: component.specification,
          serviceType,
          characteristics: component.characteristics,
          supportingServices: component.standsOn,
          parties: [],
          places: [],
        },
      ],
    },
  };
  const { order } = correction;
  const placement = tools.outsideTypes.has(serviceType)
    ? send(placeOutsideOrder, { serviceType, order })
    : send(acceptServiceOrder, { order });
  return { save: [correction], send: [placement] };
}
