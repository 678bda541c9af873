/** The attributes of a service that do not differ between an order's service (TMF641) and the inventory's (TMF638). */
import * as z from 'zod';

import { serviceStates } from '../states/service.ts';
import { characteristic, instant, relatedEntity, relatedParty, relatedPlace, resourceRef } from './common.ts';

/** The lifecycle of a service in TMF v4. Suspended and degraded are operating statuses, not states. */
export const serviceState = z.enum(serviceStates);

export const serviceAttributes = {
  category: z.string().optional(),
  description: z.string().optional(),
  endDate: instant.optional(),
  hasStarted: z.boolean().optional(),
  isBundle: z.boolean().optional(),
  isServiceEnabled: z.boolean().optional(),
  isStateful: z.boolean().optional(),
  name: z.string().optional(),
  // The documents give it no format: a client may send a plain date.
  serviceDate: z.string().optional(),
  serviceType: z.string().optional(),
  startDate: instant.optional(),
  startMode: z.string().optional(),
  place: z.array(relatedPlace).optional(),
  relatedEntity: z.array(relatedEntity).optional(),
  relatedParty: z.array(relatedParty).optional(),
  serviceCharacteristic: z.array(characteristic).optional(),
  state: serviceState.optional(),
  supportingResource: z.array(resourceRef).optional(),
};
