import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { clone } from '../../run/bootstrap/home.ts';
import { everyManager } from '../../simulator/managers/index.ts';
import { specificationFor, specificationText } from '../new/catalog.ts';
import { type Scaffold, planActivator, shown, writeActivator } from '../new/scaffold.ts';

interface Options {
  catalog?: string | true;
  dryRun?: boolean;
  json?: boolean;
}

const sampleCatalog = join(clone, 'ops/samples/service-specifications.json');

/** `patchbay new activator <name>`: a folder for a new service type, that works and passes its test as it is. */
export function newThing(program: Command): void {
  program
    .command('new')
    .description('scaffold something of your own: an activator')
    .command('activator')
    .description('a new service type: its folder, its passing test, its simulated platform')
    .argument('<name>', 'the service type: lower-case words joined by hyphens, such as leased-line')
    .option('--catalog [file]', 'add its service specification to this file (the sample catalog when none is named)')
    .option('--dry-run', 'say what would be written, and write nothing')
    .option('--json', 'print what was written as JSON')
    .action(async (name: string, { catalog, dryRun = false, json = false }: Options) => {
      const file = catalog === true ? sampleCatalog : catalog === undefined ? undefined : resolve(catalog);
      const scaffold = planActivator(clone, name, Object.keys(await everyManager()), file);
      if (!dryRun) writeActivator(clone, scaffold);
      console.log(json ? JSON.stringify(asData(scaffold, dryRun), null, 2) : asText(scaffold, dryRun));
    });
}

const asData = ({ type, folder, files, catalog }: Scaffold, dryRun: boolean): Record<string, unknown> => ({
  serviceType: type,
  folder,
  files: files.map(({ name, purpose }) => ({ path: join(folder, name), purpose })),
  catalog: catalog?.file ?? null,
  specification: specificationFor(type),
  written: !dryRun,
});

function asText({ type, folder, files, catalog }: Scaffold, dryRun: boolean): string {
  const paths = files.map(({ name }) => join(folder, name));
  const width = Math.max(...paths.map((path) => path.length));
  const item = `{"id":"1","action":"add","service":{"serviceType":"${type}","serviceCharacteristic":[{"name":"profile","value":"basic"}]}}`;
  const specification =
    catalog === undefined
      ? [
          '',
          'To order it, its service specification belongs in the catalog (--catalog adds it to the sample catalog):',
          specificationText(type),
        ]
      : [`${dryRun ? 'would add' : 'added'} its specification to ${shown(catalog.file, process.cwd())}`];
  return [
    ...files.map(({ purpose }, at) => `${dryRun ? 'would write' : 'wrote'} ${paths[at]?.padEnd(width)}  ${purpose}`),
    ...specification,
    '',
    'Next:',
    `  npx vitest run --project unit ${folder}    its test, which passes as it is`,
    `  edit ${paths[0]}    make it yours; the test says what is wrong on the way`,
    '  npm start    (again, if it runs): finds the folder, its platform and new sample specifications',
    `  echo '{"serviceOrderItem":[${item}]}' | npx patchbay order - --follow`,
  ].join('\n');
}
