import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { z } from 'zod';
import { type Workbench, createWorkbench } from '../verify/testbed/workbench.ts';
import { type Contents, createContents } from './contents.store.ts';

const schema = z.object({ id: z.string(), text: z.string() });
type Content = z.output<typeof schema>;

let bench: Workbench;
beforeAll(async () => void (bench = await createWorkbench()));
beforeEach(() => bench.sql`truncate platform.content`);
afterAll(() => bench.close());

const keep = (contents: Contents<Content>, ...all: Content[]) =>
  bench.sql.begin((tx) => Promise.all(contents.inserts(tx, all)));

test('another process finds by its digest what one process kept', async () => {
  const [one, other] = [createContents(schema), createContents(schema)];
  await keep(one, { id: 'a', text: 'first' }, { id: 'b', text: 'second' });
  const digest = one.digestOf({ id: 'a', text: 'first' });
  expect((await other.find(bench.sql, [digest])).get(digest)).toEqual({ id: 'a', text: 'first' });
});

test('one id with another content is another document: whoever refers to the first goes on finding it', async () => {
  const contents = createContents(schema);
  const [before, after] = [
    { id: 'a', text: 'before' },
    { id: 'a', text: 'after' },
  ];
  await keep(contents, before);
  await keep(contents, after);
  const found = await createContents(schema).find(bench.sql, [before, after].map(contents.digestOf));
  expect([...found.values()]).toEqual(expect.arrayContaining([before, after]));
});

test('a content is kept once, whoever keeps it and how often', async () => {
  const content = { id: 'a', text: 'same' };
  await Promise.all([createContents(schema), createContents(schema)].map((one) => keep(one, content, { ...content })));
  expect(await bench.sql`select from platform.content`).toHaveLength(1);
});

test('what was read is neither read nor written again', async () => {
  const contents = createContents(schema);
  const content = { id: 'a', text: 'once' };
  await keep(contents, content);
  const digest = contents.digestOf(content);
  await contents.find(bench.sql, [digest]);
  expect(contents.inserts(bench.sql, [content])).toEqual([]);
  await bench.sql`truncate platform.content`;
  expect((await contents.find(bench.sql, [digest])).get(digest)).toEqual(content);
});

test('a digest that nothing was kept under is an error that names it', async () => {
  await expect(createContents(schema).find(bench.sql, ['unknown'])).rejects.toThrow(
    'nothing is kept under the digest unknown',
  );
});
