// npm runs this after installing the packages of this clone: completes the installation and links the command.
// `npx patchbay` in a clone that has no packages yet runs it too (npx links the clone into a folder of its own); there is
// nothing to complete then, and failing would leave npx's folder broken for good.
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { finishInstallation, isInstalled } from './install.mjs';

const clone = resolve(fileURLToPath(import.meta.url), '../../../..');
try {
  if (existsSync(join(clone, 'node_modules/node')) && !isInstalled(clone)) finishInstallation(clone);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
