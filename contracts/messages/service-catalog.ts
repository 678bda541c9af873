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

/** A specification by reference: what names it, and the digest of its content, which is kept under it and never changes. */
export const specificationReference = serviceSpecification
  .pick({ id: true, version: true, name: true, serviceType: true })
  .extend({ digest: z.string() });
export type SpecificationReference = z.output<typeof specificationReference>;

/** Whole, as it came before there were references; or by reference. */
export const referredSpecification = z.union([specificationReference, serviceSpecification]);
export type ReferredSpecification = z.output<typeof referredSpecification>;

export const isReference = (one: ReferredSpecification): one is SpecificationReference => 'digest' in one;

/** Refers to a specification whose content is kept under that digest. */
export const referenceTo = (
  { id, version, name, serviceType }: ServiceSpecification,
  digest: string,
): SpecificationReference => ({ id, version, name, serviceType, digest });

export const serviceSpecificationPublished = event('service-catalog.service-specification-published.v1', {
  body: z.object({ specification: serviceSpecification }),
});
