import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Manager } from '../manager.ts';
import { cpe } from './cpe.ts';
import { ipam } from './ipam.ts';
import { metro } from './metro.ts';
import { olt } from './olt.ts';
import { partner } from './partner.ts';

/** The element managers of the services that come with Patchbay, by the path they are mounted at. */
export const managers: Readonly<Record<string, Manager>> = { olt, ipam, cpe, metro, partner };

const activators = join(import.meta.dirname, '../../../workers/activators');

/**
 * Every element manager that the simulator serves: those here, and the one that an activator's folder brings along in its
 * `simulated.ts`, so that a new service type finds its platform without an edit here.
 *
 * @param folder where the activators' folders are
 * @throws Error when a `simulated.ts` has no manager for its default export, or one under a name that is taken
 */
export async function everyManager(folder = activators): Promise<Readonly<Record<string, Manager>>> {
  const all: Record<string, Manager> = { ...managers };
  for (const { name: type } of readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory())) {
    const file = join(folder, type, 'simulated.ts');
    if (!existsSync(file)) continue;
    const { default: brought } = (await import(pathToFileURL(file).href)) as { default?: Manager };
    if (brought?.operations === undefined)
      throw new Error(`${file} does not export an element manager as its default: see ops/simulator/manager.ts.`);
    if (Object.hasOwn(all, brought.name))
      throw new Error(`${file} declares the element manager "${brought.name}", which there is already: rename it.`);
    all[brought.name] = brought;
  }
  return all;
}
