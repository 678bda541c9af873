import { type ServiceSpecification } from '../../../contracts/messages/service-catalog.ts';
import type { SupportingService } from '../../../contracts/messages/service-inventory.ts';
import type { Characteristics } from '../../../contracts/messages/values.ts';

/** An order that the activator under test can carry out. */
export interface Sample {
  /** Characteristics of an add, as a client would send them. */
  readonly want: Characteristics;
  /** What a modify of that service changes. */
  readonly change: Characteristics;
  /** Services that this one stands on. */
  readonly supporting?: readonly SupportingService[];
  /** What the steps read of the specification, such as its configuration template. */
  readonly specification?: Partial<ServiceSpecification>;
}

/** The specification the steps are given: the least there is, and what the sample says. */
export const specificationOf = (serviceType: string, { specification }: Sample): ServiceSpecification => ({
  id: serviceType,
  version: '1.0',
  revision: 1,
  name: serviceType,
  lifecycleStatus: 'active',
  serviceType,
  characteristics: [],
  resourceRequirements: [],
  requires: [],
  configurationTemplate: {},
  activation: {},
  ...specification,
});
