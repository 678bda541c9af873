import { Hono } from 'hono';
import { z } from 'zod';
import { paceSetting } from './deliveries.store.ts';
import type { Env } from './delivery.ts';
import { concerns, faultKinds, faultRule, readNames, type FaultRule } from './faults.ts';
import { ledgerFilter } from './ledger.ts';
import type { Network } from './network.ts';

const faultRules = z.union([
  z.strictObject({ rules: z.array(faultRule) }).transform(({ rules }) => rules),
  z.array(faultRule),
  faultRule.transform((rule) => [rule]),
]);

const edit = z.strictObject({
  manager: z.string(),
  serviceRef: z.string().min(1).max(200),
  set: z.record(z.string(), z.unknown()).optional(),
  remove: z.union([z.array(z.string()), z.literal(true)]).optional(),
});

const endpoints = {
  'GET /_control': 'this overview',
  'GET /_control/holdings': 'everything held, by manager and service; `total` is 0 when the network is empty',
  'GET /_control/ledger': 'calls, oldest first; ?manager=&operation=&reference=&serviceRef=&since=<seq>&limit=<1000>',
  'GET /_control/ledger/summary': 'calls by reference, totals and reads; the same filters, no limit unless given',
  'GET /_control/faults': 'the rules in force, how often each was considered (drawn) and struck (fired)',
  'POST /_control/faults': 'adds a rule, or several as {"rules": […]}; the same id replaces',
  'PUT /_control/faults': 'puts exactly these rules in force',
  'DELETE /_control/faults[/<id>]': 'removes all rules, or one',
  'GET /_control/deliveries': 'work that outside operators took on, what became of it, and who was called back',
  'GET /_control/pace': 'how they deal with what is ordered from now on',
  'PUT /_control/pace':
    'sets it; what is left out is as usual: {afterMs: <ms>|null, outcome, code, reason, callback, despiteCease}',
  'POST /_control/deliver': 'has everything that is open delivered now',
  'POST /_control/edit': 'out-of-band: {manager, serviceRef, set?: {…}, remove?: [names] | true}',
  'POST /_control/reset': 'forgets everything: holdings, references, ledger, faults',
};

/** The other side of the simulator: what tests and people use to look behind the platforms and to break them. */
export function controlRoutes(network: Network): Hono<Env> {
  const routes = new Hono<Env>();
  const { faults, holdings, ledger, managers } = network;

  routes.get('/', (c) =>
    c.json({
      what: 'A simulated network: element managers under /<manager>, and this control side.',
      status: {
        services: holdings.counts(),
        calls: ledger.lastSeq(),
        pendingLate: network.pendingLate(),
        openDeliveries: network.deliveries.open(),
        faults: faults.list().length,
      },
      endpoints,
      protocol: {
        'POST /<manager>/<operation>': '{reference, serviceRef, parameters} → {reference, serviceRef, result}',
        'GET /<manager>/operations/<reference>': 'read-back: whether, and how often, a reference took effect; or 404',
        'GET /<manager>/services/<serviceRef>': 'what the manager holds for a service; empty holdings for nothing',
        'GET /<manager>/health': '200 while it is up',
        'PUT /<partner>/orders/<reference>':
          '{kind, circuit, …} → 202 taken on, 200 done; GET the same to see how it stands',
        'GET /<partner>/circuits/<circuit>': 'what the partner holds for a circuit',
      },
      managers: Object.values(managers).map((manager) => ({
        name: manager.name,
        title: manager.title,
        idempotent: manager.idempotent,
        operations: Object.entries(manager.operations).map(([name, { summary, parameters }]) => ({
          name,
          summary,
          parameters: z.toJSONSchema(parameters, { io: 'input' }),
        })),
      })),
      faults: {
        kinds: faultKinds,
        operations: `an operation, ${readNames.join(', ')}, "*", "calls" (all but reads) or "reads"`,
        rule: z.toJSONSchema(faultRule, { io: 'input' }),
      },
      pace: z.toJSONSchema(paceSetting, { io: 'input' }),
    }),
  );

  routes.get('/holdings', (c) => {
    const all = holdings.all();
    const of = (name: string) =>
      Object.fromEntries(all.filter((held) => held.manager === name).map((held) => [held.serviceRef, held.holdings]));
    return c.json({
      total: all.length,
      managers: Object.fromEntries(Object.keys(managers).map((name) => [name, of(name)])),
    });
  });

  routes.get('/ledger', (c) => c.json({ rows: ledger.rows(ledgerFilter.parse(c.req.query())) }));

  routes.get('/ledger/summary', (c) => {
    const references = ledger.summary(ledgerFilter.parse(c.req.query()));
    const sum = (of: (line: (typeof references)[number]) => number) => references.reduce((n, line) => n + of(line), 0);
    return c.json({
      references,
      totals: {
        references: references.length,
        calls: sum((line) => line.calls),
        effects: sum((line) => line.effects),
        unknowns: sum((line) => line.unknowns),
        refusals: sum((line) => line.refusals),
        excess: sum((line) => line.excess),
        repeated: references.filter((line) => line.effects > 1).length,
      },
      reads: (network.settling.flush(), ledger.reads()),
    });
  });

  routes.get('/faults', (c) => c.json({ rules: faults.list().map(shown) }));

  routes.post('/faults', async (c) => {
    const rules = faultRules.parse(await c.req.json());
    const idle = rules.find((rule) => !canStrike(network, rule));
    if (idle !== undefined) return c.json(unprocessable(neverStrikes(idle)), 422);
    return c.json({ rules: faults.add(rules).map(shown) }, 201);
  });

  routes.put('/faults', async (c) => {
    const rules = faultRules.parse(await c.req.json());
    const idle = rules.find((rule) => !canStrike(network, rule));
    if (idle !== undefined) return c.json(unprocessable(neverStrikes(idle)), 422);
    faults.forget();
    return c.json({ rules: faults.add(rules).map(shown) });
  });

  routes.delete('/faults', (c) => {
    faults.forget();
    return c.body(null, 204);
  });

  routes.delete('/faults/:id', (c) =>
    faults.remove(c.req.param('id'))
      ? c.body(null, 204)
      : c.json({ error: { code: 'unknown-fault', reason: `no rule ${c.req.param('id')}` } }, 404),
  );

  routes.get('/deliveries', (c) => {
    const shown = network.deliveries.all().map(({ call, callbackUrl: _, ...rest }) => {
      const { reference, serviceRef } = call;
      return { reference, serviceRef, ...rest };
    });
    return c.json({ deliveries: shown });
  });

  routes.get('/pace', (c) => c.json(network.deliveries.pace()));

  routes.put('/pace', async (c) => {
    return c.json(network.deliveries.setPace(paceSetting.parse(await c.req.json())));
  });

  routes.post('/deliver', (c) => {
    network.deliveries.deliverNow();
    return c.body(null, 204);
  });

  routes.post('/edit', async (c) => {
    const { manager: name, serviceRef, ...change } = edit.parse(await c.req.json());
    const manager = Object.hasOwn(managers, name) ? managers[name] : undefined;
    if (manager === undefined) return c.json(unprocessable(`no manager ${name}`), 422);
    const edited = network.edit(manager, serviceRef, change);
    if (!edited.success) return c.json(unprocessable(z.prettifyError(edited.error)), 422);
    return c.json({ manager: name, serviceRef, holdings: edited.data });
  });

  routes.post('/reset', (c) => {
    network.reset();
    return c.body(null, 204);
  });

  return routes;
}

const unprocessable = (reason: string) => ({ error: { code: 'unprocessable', reason } });

const shown = ({ rule, drawn, fired }: ReturnType<Network['faults']['list']>[number]) => ({
  ...rule,
  drawn,
  fired,
  exhausted: rule.count !== undefined && fired >= rule.count,
});

const neverStrikes = ({ kind, manager, operation }: FaultRule) =>
  `${kind} on operation ${operation} of manager ${manager} could never strike`;

/** Whether a rule concerns anything there is. A misspelt name would let a fault test pass for nothing. */
const canStrike = ({ managers }: Network, { match: _, ...rule }: FaultRule): boolean =>
  Object.values(managers).some(({ name, operations }) =>
    [...Object.keys(operations), ...readNames].some((operation) => concerns(rule, { manager: name, operation })),
  );
