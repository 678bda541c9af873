import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../network.fixture.ts';
import { everyManager, managers } from './index.ts';

/** A folder of activators, each with what its `simulated.ts` says; undefined for none. */
function activators(simulated: Record<string, string | undefined>): string {
  const folder = temporaryFolder();
  for (const [type, content] of Object.entries(simulated)) {
    mkdirSync(join(folder, type));
    writeFileSync(join(folder, type, 'index.ts'), 'throw new Error("the fleet is not loaded here");');
    if (content !== undefined) writeFileSync(join(folder, type, 'simulated.ts'), content);
  }
  return folder;
}

test('the platform that an activator’s folder brings along is served beside those of the house', async () => {
  const folder = activators({ plain: undefined, voice: `export default { name: 'voice', operations: {} };` });
  expect(Object.keys(await everyManager(folder))).toEqual([...Object.keys(managers), 'voice']);
});

test('one that is no manager, or takes a name that is taken, is named with its file', async () => {
  await expect(everyManager(activators({ voice: `export const voice = 1;` }))).rejects.toThrow(
    /voice\/simulated\.ts does not export an element manager as its default/,
  );
  await expect(everyManager(activators({ voice: `export default { name: 'olt', operations: {} };` }))).rejects.toThrow(
    /voice\/simulated\.ts declares the element manager "olt", which there is already/,
  );
});
