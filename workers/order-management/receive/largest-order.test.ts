import { expect, test } from 'vitest';
import {
  type Fact,
  accepted,
  anItem,
  anOrder,
  claimed,
  lived,
  orderId,
  policy,
  recorded,
  told,
} from '../orders.fixture.ts';

const limit = 256 * 1_024;
const bytes = (value: unknown): number => Buffer.byteLength(JSON.stringify(value));

test('the largest order there may be fits into a message, whatever was said of all of it in whatever alphabet', () => {
  const items = Array.from({ length: 200 }, (_, at) => anItem(`item-${at}`, { description: '漢'.repeat(30) }));
  const order = anOrder(...items);
  expect(bytes(order)).toBeLessThan(64 * 1_024);
  const begun: Fact[] = [accepted(order, policy({ do: 'compensate' })), claimed()];
  const ids = lived(...begun).order.deliveries.map(({ id }) => id);
  expect(ids).toHaveLength(200);
  const failure = { code: 'noPort', reason: '漢'.repeat(1_000) };
  const facts = ids.map((id) => told(id, 'failed', failure));
  const state = lived(...begun, ...facts, recorded);
  expect(state.order).toMatchObject({ id: orderId, stage: 'failed' });
  for (const { failure: kept } of state.order.deliveries) expect(kept?.reason).toMatch(/^漢+…$/u);
  expect(bytes({ order: state.order, deleted: false })).toBeLessThan(limit);
});
