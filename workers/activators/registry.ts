import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type Activator, type ActivatorOutline, outlineActivator } from '../activation/index.ts';

/** Service types that have an activator: one per folder here with an `index.ts`, named as the folder is. */
export async function activatorTypes(folder = import.meta.dirname): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  return entries
    .filter((entry) => entry.isDirectory() && existsSync(join(folder, entry.name, 'index.ts')))
    .map((entry) => entry.name)
    .toSorted();
}

/**
 * Loads activators by service type.
 *
 * @throws Error when a type has no folder, or its folder declares another type
 */
export async function loadActivators(serviceTypes: readonly string[]): Promise<Activator[]> {
  const known = await activatorTypes();
  return Promise.all(
    serviceTypes.map(async (serviceType) => {
      if (!known.includes(serviceType))
        throw new Error(`There is no activator "${serviceType}"; there are ${known.join(', ')}.`);
      const { default: activator } = (await import(`./${serviceType}/index.ts`)) as { default: Activator };
      if (activator.serviceType !== serviceType) {
        throw new Error(
          `The folder ${serviceType} declares an activator for "${activator.serviceType}": name them alike.`,
        );
      }
      return activator;
    }),
  );
}

/** What every activator declares, for those who plan and run none. */
export const activatorOutlines = async (): Promise<ActivatorOutline[]> =>
  (await loadActivators(await activatorTypes())).map(outlineActivator);
