import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { serviceSpecification } from '../../contracts/messages/service-catalog.ts';
import { createContents } from '../../ops/platform/contents.store.ts';
import { type Workbench, createWorkbench } from '../../ops/verify/testbed/workbench.ts';
import { begin } from './activation.decide.ts';
import type { Activation } from './activation.state.ts';
import { activations } from './activation.store.ts';
import { aCommand, activationId, noon, rules } from './activations.fixture.ts';

let bench: Workbench;
beforeAll(async () => void (bench = await createWorkbench()));
beforeEach(() => bench.sql`truncate activation.activation, platform.content`);
afterAll(() => bench.close());

/** A process of its own: it remembers nothing of what others read. */
const rowsOf = () => activations({ contents: createContents(serviceSpecification) });
const save = (rows: ReturnType<typeof rowsOf>, one: Activation) =>
  bench.sql.begin((tx) => Promise.all(rows.save(tx, [one])));
const load = (rows: ReturnType<typeof rowsOf>) =>
  bench.sql.begin(async (tx) => (await rows.load(tx, [activationId])).get(activationId));
const specificationInRow = async () =>
  (await bench.sql`select doc #> '{command,specification}' as kept from activation.activation`)[0]?.['kept'];

const command = aCommand();
const [begun] = begin(undefined, activationId, command, undefined, rules, noon).save ?? [];
const activation = begun as Activation;

test('a row refers to its specification; whoever reads it has it whole', async () => {
  await save(rowsOf(), activation);
  expect(await specificationInRow()).toEqual({
    id: 'line',
    version: '1.0',
    name: 'Line',
    serviceType: 'broadband',
    digest: expect.stringMatching(/^[\w-]{43}$/),
  });
  expect(await load(rowsOf())).toEqual({
    ...activation,
    readAt: activation.revision,
    referred: await specificationInRow(),
  });
});

test('a row from before there were references is read, and refers from its next change on', async () => {
  await save(rowsOf(), activation);
  await bench.sql`
    update activation.activation
    set doc = jsonb_set(doc, '{command,specification}', ${JSON.stringify(command.specification)}::text::jsonb)`;
  const known = await load(rowsOf());
  expect(known?.command).toEqual(command);
  await save(rowsOf(), known as Activation);
  expect(await specificationInRow()).toHaveProperty('digest');
  expect((await load(rowsOf()))?.command).toEqual(command);
});

test('the same version published with another content changes nothing for what runs by the first', async () => {
  await save(rowsOf(), activation);
  const contents = createContents(serviceSpecification);
  const again = { ...command.specification, name: 'Line, renamed' };
  await bench.sql.begin((tx) => Promise.all(contents.inserts(tx, [again])));
  expect((await load(rowsOf()))?.command.specification.name).toBe('Line');
});

test('a row whose specification is nowhere is an error, not an activation without one', async () => {
  await save(rowsOf(), activation);
  await bench.sql`truncate platform.content`;
  await expect(load(rowsOf())).rejects.toThrow('nothing is kept under the digest');
});
