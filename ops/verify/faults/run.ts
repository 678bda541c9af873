import { performance } from 'node:perf_hooks';
import { createDrill, tooQuiet, type Drill } from './drill.ts';
import { type Judgement, judge } from './judge.ts';
import { readProgress } from './progress.store.ts';
import type { Scenario } from './scenarios/scenario.ts';
import { setStage } from './stage.ts';
import { endedInOrder } from './verdicts/fleet.ts';
import type { Verdict } from './verdicts/verdict.ts';

/** What a scenario came to. */
export interface Outcome {
  readonly scenario: string;
  readonly verdicts: readonly Verdict[];
}

export const isGreen = (outcomes: readonly Outcome[]): boolean =>
  outcomes.every(({ verdicts }) => verdicts.every(({ findings }) => findings.length === 0));

export interface FaultRun {
  /** Plays one scenario to its end and judges everything that happened since the beginning. */
  play(scenario: Scenario, orders: number): Promise<Outcome>;
  /** What every scenario came to, in figures, and all together. */
  ledger(): string;
  /** Ends the fleet in order, and with it the run; asked again, says again how it ended. */
  end(): Promise<Outcome>;
}

/** Sets a stage and shows, with nothing broken, that it works. */
export async function beginFaultRun(
  root: string,
  tell: (line: string) => void,
  abandoned: AbortSignal,
): Promise<FaultRun> {
  const stage = await setStage(root, tell, abandoned);
  const drill = createDrill(stage, tell);
  let before = await figuresOf(drill);
  const first = before;
  const rows: Row[] = [];
  let ended: Promise<Outcome> | undefined;

  async function perform({ name, paceMs, mix, play }: Scenario, orders: number): Promise<void> {
    if (paceMs !== undefined) {
      await drill.pace(paceMs);
      drill.flood(name, orders, mix);
      await drill.flowing();
    }
    await play(drill, orders);
    await drill.pace(0);
  }

  async function play(scenario: Scenario, orders: number): Promise<Outcome> {
    const { name, title } = scenario;
    tell(`${name}: ${title}`);
    const began = performance.now();
    drill.blows.length = 0;
    const failed = await perform(scenario, orders).then(() => undefined, describe);
    const over = performance.now();
    const restless = await drill.quiet().catch(describe);
    const quiet = performance.now();
    const judgement = await judge(drill);
    drill.standing(judgement.services.values(), judgement.products);
    const now = await figuresOf(drill, judgement);
    tell(`  ${seconds(over - began)} until the last fault was over, quiet ${seconds(quiet - over)} later`);
    for (const line of compare(before, now)) tell(`  ${line}`);
    rows.push({
      scenario: name,
      blows: drill.blows.length,
      seconds: (quiet - began) / 1000,
      figures: less(now, before),
    });
    before = now;
    const played: Verdict = {
      name: 'the scenario was played as written, and everything ended',
      findings: [failed, restless, ...tooQuiet(drill.blows)].filter((one) => one !== undefined),
    };
    return told({ scenario: name, verdicts: [played, ...judgement.verdicts] }, tell);
  }

  async function end(): Promise<Outcome> {
    tell('end: the fleet is asked to end');
    await stage.stopFleet();
    await stage.simulator.stop();
    await stage.close();
    return told({ scenario: 'end', verdicts: [endedInOrder(stage.ended)] }, tell);
  }

  return {
    play,
    ledger: () =>
      table([
        ...rows,
        {
          scenario: 'total',
          blows: rows.reduce((sum, { blows }) => sum + blows, 0),
          seconds: rows.reduce((sum, row) => sum + row.seconds, 0),
          figures: less(before, first),
        },
      ]),
    end: () => (ended ??= end()),
  };
}

function told(outcome: Outcome, tell: (line: string) => void): Outcome {
  for (const { name, findings } of outcome.verdicts) {
    tell(`  ${findings.length === 0 ? 'ok ' : 'RED'} ${name}`);
    for (const finding of findings.slice(0, 12)) tell(`        ${finding}`);
    if (findings.length > 12) tell(`        and ${findings.length - 12} more`);
  }
  return outcome;
}

interface Figures {
  readonly [name: string]: number;
}

/** A line of the ledger. */
interface Row {
  readonly scenario: string;
  readonly blows: number;
  readonly seconds: number;
  readonly figures: Figures;
}

const less = (now: Figures, before: Figures): Figures =>
  Object.fromEntries(Object.entries(now).map(([name, value]) => [name, value - (before[name] ?? 0)]));

function table(rows: readonly Row[]): string {
  const names = [
    'orders',
    'effects',
    'duplicates',
    'losses',
    'attempts',
    'unknowns',
    'refusals',
    'messages',
    'retried',
  ];
  const letters = ['letters wanted', 'dead letters'];
  const head = ['scenario', 'blows', ...names, ...letters, 'seconds'];
  const lines = rows.map(({ scenario, blows, seconds: took, figures }) => [
    scenario,
    String(blows),
    ...[...names, ...letters].map((name) => String(figures[name] ?? 0)),
    took.toFixed(0),
  ]);
  const widths = head.map((name, at) => Math.max(name.length, ...lines.map((line) => line[at]?.length ?? 0)));
  return [head, ...lines]
    .map((line) =>
      line.map((cell, at) => (at === 0 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0))).join('  '),
    )
    .join('\n');
}

async function figuresOf({ stage, book, customers, letters }: Drill, judgement?: Judgement): Promise<Figures> {
  const { handled, retried } = await readProgress(stage.sql);
  const { calls = 0, effects = 0, unknowns = 0, refusals = 0, excess = 0 } = judgement?.ledger.totals ?? {};
  return {
    orders: book.accepted.length + book.acceptedProducts.length,
    effects,
    duplicates: judgement?.duplicates ?? 0,
    losses: judgement?.losses ?? 0,
    attempts: calls,
    unknowns,
    refusals,
    excess,
    messages: handled,
    retried,
    'letters wanted': letters.taken,
    'dead letters': judgement?.deadLetters ?? 0,
    ...Object.fromEntries(Object.entries(customers.answers).map(([status, n]) => [`POSTs answered ${status}`, n])),
  };
}

const compare = (before: Figures, now: Figures): string[] => [
  Object.entries(now)
    .map(([name, value]) => `${name} ${value - (before[name] ?? 0)}`)
    .join(' · '),
];

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;
const describe = (error: unknown): string => (error instanceof Error ? error.message : String(error));
