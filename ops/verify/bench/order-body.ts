import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export const serviceOrderPath = '/tmf-api/serviceOrdering/v4/serviceOrder';

export const productOrderPath = '/tmf-api/productOrderingManagement/v4/productOrder';

const sample = readFileSync(join(import.meta.dirname, '../../samples/business-internet.json'), 'utf8');

/** The sample order of three items that build on each other: what every measure submits, so that figures compare. */
export function threeItemOrder(externalId: string): string {
  return JSON.stringify({ ...(JSON.parse(sample) as Record<string, unknown>), externalId });
}

const productSample = readFileSync(
  join(import.meta.dirname, '../../samples/business-internet-product.product-order.json'),
  'utf8',
);

/** The sample product order that takes three services, each on top of the one before. */
export function threeServiceProductOrder(externalId: string): string {
  return JSON.stringify({ ...(JSON.parse(productSample) as Record<string, unknown>), externalId });
}
