import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export const serviceOrderPath = '/tmf-api/serviceOrdering/v4/serviceOrder';

const sample = readFileSync(join(import.meta.dirname, '../samples/business-internet.json'), 'utf8');

/** The sample order of three items that build on each other: what every measure submits, so that figures compare. */
export function threeItemOrder(externalId: string): string {
  return JSON.stringify({ ...(JSON.parse(sample) as Record<string, unknown>), externalId });
}
