import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Registry, collectDefaultMetrics } from 'prom-client';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { registry } from '../../platform/metrics/metrics.ts';
import { groupedBy, mentionsIn } from './promql.ts';

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly annotations?: { readonly summary?: string; readonly action?: string };
}
interface Panel {
  readonly title: string;
  readonly targets?: readonly { readonly expr: string }[];
}

const read = (file: string): string => readFileSync(join(import.meta.dirname, file), 'utf8');
const { groups } = parse(read('patchbay.yml')) as { groups: { rules: Rule[] }[] };
const alerts = groups.flatMap(({ rules }) => rules);
const { panels } = JSON.parse(read('../dashboards/patchbay.json')) as { panels: Panel[] };
const expressions = [
  ...alerts.map(({ alert, expr }) => ({ in: alert, expr })),
  ...panels.flatMap(({ title, targets = [] }) => targets.map(({ expr }) => ({ in: title, expr }))),
];

/** Names a scrape has, with their labels: ours, Node's defaults, and what Prometheus itself says of a target. */
const known = knownMetrics();
function knownMetrics(): Map<string, readonly string[]> {
  const defaults = new Registry();
  collectDefaultMetrics({ register: defaults });
  // What a scrape adds to each of our labels.
  const target = ['job', 'instance'];
  const names = new Map<string, readonly string[]>([['up', target]]);
  for (const metric of [...registry.getMetricsAsArray(), ...defaults.getMetricsAsArray()] as unknown as {
    name: string;
    type: string;
    labelNames: readonly string[];
  }[]) {
    const labels = [...metric.labelNames, ...target];
    const suffixes = metric.constructor.name === 'Histogram' ? ['_bucket', '_sum', '_count'] : [''];
    for (const suffix of suffixes)
      names.set(`${metric.name}${suffix}`, suffix === '_bucket' ? [...labels, 'le'] : labels);
  }
  return names;
}

/** What is wrong with an expression; empty when it asks for nothing that is not there. */
function faultsOf(expression: string): string[] {
  const mentioned = mentionsIn(expression);
  const labels = new Set(mentioned.flatMap(({ metric }) => known.get(metric) ?? []));
  return [
    ...(mentioned.length === 0 ? ['mentions no metric'] : []),
    ...mentioned.flatMap(({ metric, labels: asked }) => {
      const has = known.get(metric);
      if (has === undefined) return [`there is no ${metric}`];
      return asked.filter((label) => !has.includes(label)).map((label) => `${metric} has no ${label}`);
    }),
    ...groupedBy(expression)
      .filter((label) => !labels.has(label))
      .map((label) => `nothing has a ${label}`),
  ];
}

test.each(expressions)('$in asks for metrics and labels that the code declares', ({ expr }) => {
  expect(faultsOf(expr)).toEqual([]);
});

test.each([
  ['patchbay_outbox_depth > 1', 'there is no patchbay_outbox_depth'],
  ['sum by (queue) (rate(patchbay_message_age_seconds[5m]))', 'there is no patchbay_message_age_seconds'],
  ['patchbay_dead_letters{order="1"}', 'patchbay_dead_letters has no order'],
  ['max by (order) (patchbay_dead_letters)', 'nothing has a order'],
  ['vector(1)', 'mentions no metric'],
])('a wrong expression is found out: %s', (expression, fault) => {
  expect(faultsOf(expression)).toContain(fault);
});

test.each(alerts)('$alert says what happened and which verb to begin with', ({ annotations }) => {
  expect(annotations?.summary).toMatch(/\.$/);
  expect(annotations?.action).toMatch(/npx patchbay (doctor|fallout|trace|up)\b/);
});

test('there is an alert for each thing a person must look after', () => {
  const watched = new Set(alerts.flatMap(({ expr }) => mentionsIn(expr).map(({ metric }) => metric)));
  expect([...watched]).toEqual(
    expect.arrayContaining([
      'patchbay_dead_letters',
      'patchbay_outbox_oldest_age_seconds',
      'patchbay_outbox_returned_messages',
      'patchbay_breaker_open',
      'patchbay_message_age_seconds_bucket',
      'patchbay_held_activations',
      'patchbay_role_ready',
      'up',
    ]),
  );
});

test('every metric of ours is on the dashboard', () => {
  const shown = panels.flatMap(({ targets = [] }) =>
    targets.flatMap(({ expr }) => mentionsIn(expr).map(({ metric }) => metric)),
  );
  const missing = registry
    .getMetricsAsArray()
    .map(({ name }) => name)
    .filter((name) => !shown.some((one) => one === name || one.replace(/_(bucket|sum|count)$/, '') === name));
  expect(missing).toEqual([]);
});
