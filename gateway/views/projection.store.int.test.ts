import { afterAll, beforeAll, expect, test } from 'vitest';
import type { JsonObject } from '../../contracts/tmf/common.ts';
import { type Workbench, createWorkbench } from '../../ops/verify/testbed/workbench.ts';
import { serviceOrderResource } from '../apis/tmf641/descriptor.ts';
import { project, viewKey } from './projection.ts';
import { lockViews, saveViews } from './projection.store.ts';

let bench: Workbench;
beforeAll(async () => void (bench = await createWorkbench()));
afterAll(() => bench.close());

const id = 'order';
const resources = new Map([[serviceOrderResource.name, serviceOrderResource]]);

async function show(revision: number, doc: JsonObject): Promise<Record<string, unknown> | undefined> {
  await bench.sql.begin(async (tx) => {
    const [before] = (await lockViews(tx, resources, [viewKey(serviceOrderResource, id)])).values();
    await Promise.all(
      saveViews(tx, [
        project(before, serviceOrderResource, { id, revision, deleted: false, toView: () => doc }, undefined),
      ]),
    );
  });
  const [row] = await bench.sql`
    select revision, state, external_id, category, party_ids, created_at, start_at from gateway.view where id = ${id}`;
  return row;
}

test('columns follow the document, whether they hardly ever change or with each event', async () => {
  const [ordered, started] = ['2026-03-01T10:00:00.000Z', '2026-03-01T10:00:00.040Z'];
  const doc = {
    state: 'acknowledged',
    externalId: 'e',
    category: 'c',
    relatedParty: [{ id: 'p' }],
    orderDate: ordered,
  };
  const row = { external_id: 'e', category: 'c', party_ids: ['p'], created_at: new Date(ordered) };
  expect(await show(1, doc)).toEqual({ ...row, revision: 1, state: 'acknowledged', start_at: null });
  const begun = { ...doc, state: 'inProgress', startDate: started };
  const begunRow = { ...row, state: 'inProgress', start_at: new Date(started) };
  expect(await show(2, begun)).toEqual({ ...begunRow, revision: 2 });
  const changes: readonly (readonly [JsonObject, JsonObject])[] = [
    [{ externalId: 'f' }, { external_id: 'f' }],
    [{ category: 'd' }, { category: 'd' }],
    [{ relatedParty: [{ id: 'q' }] }, { party_ids: ['q'] }],
    [{ relatedParty: [{ id: 'q' }, { id: 'r' }] }, { party_ids: ['q', 'r'] }],
    [{ orderDate: started }, { created_at: new Date(started) }],
  ];
  let changed: JsonObject = begun;
  for (const [at, [change, columns]] of changes.entries()) {
    changed = { ...changed, ...change };
    expect(await show(3 + at, changed)).toMatchObject(columns);
  }
});
