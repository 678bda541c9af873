import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { Command } from 'commander';
import { z } from 'zod';
import { decompositionRule, recoveryPolicy } from '../../../contracts/messages/decomposition.ts';
import { clone, homeFromEnvironment } from '../../run/bootstrap/home.ts';
import { readRunFile } from '../../run/bootstrap/run-file.ts';
import { Sentence } from '../../run/bootstrap/sentence.ts';
import { connectDatabase } from '../../platform/database.ts';
import { checkRules, findingLines } from '../rules/check.ts';
import {
  explainOrder,
  explanationLines,
  productsAfter,
  readProductOrder,
  readProducts,
  withProductId,
} from '../rules/explain.ts';
import { type FileFinding, type RuleFiles, readRuleFiles, readSpecifications } from '../rules/files.ts';
import { publishRules } from '../rules/publish.ts';

interface Options {
  specifications: string;
  beside: string[];
  rules: string[];
  products?: string;
  after?: string;
  json?: boolean;
}

const samples = join(clone, 'ops/samples');
const sampleFolders = [join(samples, 'rules'), join(samples, 'recovery')];
const catalog = join(samples, 'service-specifications.json');

/** `patchbay rules`: how products are realized, and what is done when that goes wrong: checked, explained, published. */
export function rules(program: Command): void {
  const verb = program
    .command('rules')
    .description('decomposition rules and recovery policies: check them, explain an order by them, publish them');
  verb
    .command('check')
    .description('say what is wrong with rules and recovery policies; exit code 1 if anything is')
    .argument('[files...]', 'files and folders; by default the samples')
    .option('--specifications <file>', 'the service specifications they refer to', catalog)
    .option('--beside <files...>', 'rules and policies that are there too, and not spoken about', sampleFolders)
    .option('--json', 'print the findings as JSON')
    .action(async (files: string[], { specifications, beside, json }: Options) => {
      const checked = await readRuleFiles(files.length === 0 ? sampleFolders : files);
      const findings = await findingsOf(checked, beside, specifications);
      const count = checked.rules.length + checked.policies.length;
      if (json === true) console.log(JSON.stringify({ checked: count, findings }, null, 2));
      else for (const line of [...findingLines(findings), summary(count, findings)]) console.log(line);
      process.exitCode = findings.length === 0 ? 0 : 1;
    });
  verb
    .command('explain')
    .description('what a product order comes to, and which rule makes it so; nothing is placed and no system is needed')
    .argument('<order>', 'a TMF622 product order as JSON (- for standard input)')
    .option('--rules <files...>', 'the rules to go by', [sampleFolders[0] ?? ''])
    .option('--products <file>', 'existing products that the order is about, as the product inventory tells them')
    .option('--after <order>', 'an order that is done before: `<product id>` stands for its first product')
    .option('--json', 'print the plan as JSON')
    .action(async (file: string, { rules: paths, products, after, json }: Options) => {
      const { rules: found, findings } = await readRuleFiles(paths);
      if (findings.length > 0) throw new Sentence(findingLines(findings).join('\n'));
      const known = found.map(({ rule }) => rule);
      const there = products === undefined ? [] : readProducts(await readJson(products));
      const existing = after === undefined ? there : productsAfter(await readJson(after), known, there);
      const order = readProductOrder(withProductId(await readJson(file), existing[there.length]?.id), 'explained');
      const explained = explainOrder(order, known, existing);
      console.log(json === true ? JSON.stringify(explained, null, 2) : explanationLines(explained).join('\n'));
      process.exitCode = explained.verdict === 'decomposes' ? 0 : 1;
    });
  verb
    .command('publish')
    .description('publish rules and recovery policies that pass the check; new orders go by them, running ones do not')
    .argument('<files...>', 'files and folders')
    .option('--specifications <file>', 'the service specifications they refer to', catalog)
    .option('--beside <files...>', 'rules and policies that are there too', sampleFolders)
    .option('--json', 'print what was published as JSON')
    .action(async (files: string[], { specifications, beside, json }: Options) => {
      const read = await readRuleFiles(files);
      const findings = await findingsOf(read, beside, specifications);
      if (findings.length > 0) throw new Sentence([...findingLines(findings), 'Nothing was published.'].join('\n'));
      await publish(read);
      const published = { rules: read.rules.length, policies: read.policies.length };
      console.log(
        json === true
          ? JSON.stringify(published)
          : `published ${published.rules} rules and ${published.policies} recovery policies`,
      );
    });
  verb
    .command('schema')
    .description('the JSON Schema of a rule or a recovery policy, for editors: a file names it as its $schema')
    .argument('[kind]', 'rule or policy', 'rule')
    .action((kind: string) => {
      const schema = { rule: decompositionRule, policy: recoveryPolicy }[kind];
      if (schema === undefined) throw new Sentence(`There is no schema of a ${kind}; there are rule and policy.`);
      console.log(JSON.stringify(z.toJSONSchema(schema, { io: 'input' }), null, 2));
    });
}

async function findingsOf(files: RuleFiles, beside: readonly string[], catalogFile: string): Promise<FileFinding[]> {
  const specifications = await readSpecifications(catalogFile);
  if (!Array.isArray(specifications)) return [specifications];
  return checkRules(files, await readRuleFiles(beside), specifications);
}

const summary = (count: number, findings: readonly FileFinding[]): string =>
  findings.length === 0 ? `${count} rules and policies, nothing wrong` : `${findings.length} findings`;

async function publish({ rules: found, policies }: RuleFiles): Promise<void> {
  const databaseUrl = readRunFile(homeFromEnvironment(process.env))?.urls.database ?? process.env['DATABASE_URL'];
  if (databaseUrl === undefined)
    throw new Sentence('No system runs here: start it with npm start, or set DATABASE_URL.');
  const sql = connectDatabase(databaseUrl, { connections: 1, role: 'rules' });
  try {
    await publishRules(
      sql,
      found.map(({ rule }) => rule),
      policies.map(({ policy }) => policy),
    );
  } finally {
    await sql.end();
  }
}

async function readJson(file: string): Promise<unknown> {
  const content = await (file === '-' ? text(process.stdin) : readFile(file, 'utf8')).catch((error: unknown) => {
    throw new Sentence(`${file} cannot be read (${(error as Error).message}).`);
  });
  try {
    return JSON.parse(content) as unknown;
  } catch (error) {
    throw new Sentence(`${file} is not JSON: ${(error as Error).message}.`);
  }
}
