import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type GraphItem, dependants, graphFault } from './item-graph.decide.ts';

const items = (...edges: readonly [string, ...string[]][]): GraphItem[] =>
  edges.map(([itemId, ...dependsOn]) => ({ itemId, dependsOn }));

test('items that depend on nothing, on each other in a line, or on one twice removed are in order', () => {
  expect(graphFault(items(['a']))).toBeUndefined();
  expect(graphFault(items(['a'], ['b', 'a'], ['c', 'b', 'a']))).toBeUndefined();
});

test('an item may be named before what it depends on', () => {
  expect(graphFault(items(['c', 'b'], ['b', 'a'], ['a']))).toBeUndefined();
});

test.each([
  ['an item that depends on itself', items(['a', 'a']), 'a -> a'],
  ['two that depend on each other', items(['a', 'b'], ['b', 'a']), 'a -> b -> a'],
  ['a circle behind an innocent item', items(['x', 'a'], ['a', 'b'], ['b', 'c'], ['c', 'a']), 'a -> b -> c -> a'],
])('%s is a circle, and the fault walks along it', (_, graph, circle) => {
  expect(graphFault(graph)).toMatchObject({ code: 'itemCycle', reason: expect.stringContaining(circle) });
});

test('a reference to an item that is not in the order is named with the item that has it', () => {
  const fault = graphFault(items(['a'], ['b', 'a', 'z']));
  expect(fault).toMatchObject({ code: 'unknownItem', reason: expect.stringMatching(/"b".*"z"/) });
});

test('an item id that is used twice is refused', () => {
  expect(graphFault(items(['a'], ['a']))?.code).toBe('duplicateItem');
});

test('a line of ten thousand items does not exhaust the stack', () => {
  const line = Array.from({ length: 10_000 }, (_, at) => ({
    itemId: String(at),
    dependsOn: at === 0 ? [] : [String(at - 1)],
  })).toReversed();
  expect(graphFault(line)).toBeUndefined();
});

test('dependants are those at any distance, once each, and never the item itself', () => {
  const graph = items(['a'], ['b', 'a'], ['c', 'b'], ['d', 'b', 'c'], ['e']);
  expect([...dependants(graph, 'a')].toSorted()).toEqual(['b', 'c', 'd']);
  expect([...dependants(graph, 'd')]).toEqual([]);
});

/** A graph without circles: each item depends on some of those before it. The order of mention is shuffled. */
const aDag = fc.array(fc.array(fc.nat(), { maxLength: 4 }), { minLength: 1, maxLength: 20 }).chain((rows) => {
  const graph = rows.map((picks, at) => ({
    itemId: `i${at}`,
    dependsOn: at === 0 ? [] : [...new Set(picks.map((pick) => `i${pick % at}`))],
  }));
  return fc.shuffledSubarray(graph, { minLength: graph.length, maxLength: graph.length });
});

test('law: no graph that grows from earlier items alone has a fault', () => {
  fc.assert(fc.property(aDag, (graph) => graphFault(graph) === undefined));
});

test('law: an edge back from an item to one of its dependants always makes a circle, and the circle named is one', () => {
  fc.assert(
    fc.property(aDag, fc.nat(), fc.nat(), (graph, from, to) => {
      const item = graph[from % graph.length];
      fc.pre(item !== undefined);
      const behind = [item.itemId, ...dependants(graph, item.itemId)];
      const target = behind[to % behind.length] ?? item.itemId;
      const closed = graph.map((one) => (one === item ? { ...one, dependsOn: [...one.dependsOn, target] } : one));
      const fault = graphFault(closed);
      expect(fault?.code).toBe('itemCycle');
      const circle = /: (.*)\.$/.exec(fault?.reason ?? '')?.[1]?.split(' -> ') ?? [];
      expect(circle.at(0)).toBe(circle.at(-1));
      for (const [at, id] of circle.slice(0, -1).entries())
        expect(closed.find((one) => one.itemId === id)?.dependsOn).toContain(circle[at + 1]);
    }),
  );
});

test('law: exactly the items from which an item can be reached are its dependants', () => {
  fc.assert(
    fc.property(aDag, (graph) => {
      const known = new Map(graph.map((one) => [one.itemId, one.dependsOn]));
      const reaches = (from: string, to: string): boolean =>
        (known.get(from) ?? []).some((next) => next === to || reaches(next, to));
      const [first] = graph;
      fc.pre(first !== undefined);
      const expected = graph.map((one) => one.itemId).filter((id) => reaches(id, first.itemId));
      expect([...dependants(graph, first.itemId)].toSorted()).toEqual(expected.toSorted());
    }),
    { numRuns: 50 },
  );
});
