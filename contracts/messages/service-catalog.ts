import * as z from './open-schema.ts';
import { event } from './message.ts';
import { characteristics } from './values.ts';

/** What a characteristic of a specification may hold. It may narrow what the activator's own schema takes, never widen it. */
export const characteristicSpecification = z.object({
  name: z.string(),
  description: z.string().optional(),
  valueType: z.enum(['string', 'integer', 'number', 'boolean', 'object', 'array']),
  required: z.boolean(),
  default: z.json().optional(),
  allowed: z.array(z.json()).optional(),
  minimum: z.number().optional(),
  maximum: z.number().optional(),
  pattern: z.string().optional(),
});
export type CharacteristicSpecification = z.output<typeof characteristicSpecification>;

/** A service specification: one version of what can be ordered of a service type, and what activating it needs. */
export const serviceSpecification = z.object({
  id: z.string(),
  version: z.string(),
  /** Consecutive over all versions of the id; the newest is what an order that names no version gets. */
  revision: z.int().positive(),
  name: z.string(),
  lifecycleStatus: z.enum(['active', 'retired']),
  serviceType: z.string(),
  characteristics: z.array(characteristicSpecification),
  resourceRequirements: z.array(z.object({ type: z.string(), role: z.string(), count: z.int().positive() })),
  /** Service types a service of this one stands on. */
  requires: z.array(z.string()),
  configurationTemplate: z.record(z.string(), z.json()),
  activation: characteristics,
});
export type ServiceSpecification = z.output<typeof serviceSpecification>;

export const serviceSpecificationPublished = event('service-catalog.service-specification-published.v1', {
  body: z.object({ specification: serviceSpecification }),
});
