/** The network simulator without its wire: an activator's calls reach the managers as fate has it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import type { Activation, Outcome } from '../../../workers/activation/activation.state.ts';
import type { Activator } from '../../../workers/activation/activator.ts';
import { startStepCalls } from '../../../workers/activation/step-calls.ts';
import type { GuardedPlatform } from '../../../workers/calls/guard.ts';
import {
  type CallContext,
  OutcomeUnknown,
  type Platform,
  PlatformNotReached,
  PlatformRefusal,
} from '../../../workers/calls/platform.ts';
import { createBulkhead } from '../../../workers/calls/bulkhead.ts';
import type { Answer } from '../../simulator/exchange.ts';
import type { Manager } from '../../simulator/manager.ts';
import { type Network, openNetwork } from '../../simulator/network.ts';
import { createLog } from '../../platform/log.ts';
import type { Fate } from './orders-to-network.fixture.ts';

/** A call that was cut off and takes effect later. */
interface LateCall {
  readonly at: number;
  readonly takeEffect: () => Promise<unknown>;
}

/** The network simulator on a folder of its own, for all tests of a file; `reset` empties it. */
export function aNetwork(managers: Readonly<Record<string, Manager>>): Network {
  const directory = mkdtempSync(join(tmpdir(), 'network-'));
  const network = openNetwork({ directory, managers });
  afterAll(() => {
    network.close();
    rmSync(directory, { recursive: true, force: true });
  });
  return network;
}

const breaker = {
  ...{ isOpen: () => false, admitted: () => 1, heldOff: async () => false, stop: async () => undefined },
  run: <Result>(call: () => Promise<Result>) => call(),
};

/** Everything between activators and the network, with the time that its late calls wait for. */
export function aWire(network: Network, activators: readonly Activator[], now: () => number) {
  let late: LateCall[] = [];
  let fate: Fate = 'answer';
  let heard: Outcome | undefined;
  const log = createLog('test', 'silent');

  /** The platform as its adapter would show it. */
  function shown({ name, settleMs, ...rest }: Platform): Platform {
    const manager = network.managers[name];
    if (manager === undefined) throw new Error(`The simulator has no manager ${name}.`);
    const call = (context: CallContext, operation: string, parameters: Record<string, unknown>): Promise<unknown> => {
      const { reference, serviceRef } = context;
      const body = { reference, serviceRef, parameters: JSON.parse(JSON.stringify(parameters)) as typeof parameters };
      const takeEffect = () => network.call(manager, operation, body);
      return meet(takeEffect, () => late.push({ at: now() + settleMs * 0.75, takeEffect }));
    };
    return {
      ...{ ...rest, name, settleMs },
      connect: (context) =>
        Object.fromEntries(
          Object.keys(manager.operations).map((operation) => [
            operation,
            (parameters: Record<string, unknown> = {}) => call(context, operation, parameters),
          ]),
        ),
      async readBack({ reference }) {
        if (fate !== 'answer') throw new OutcomeUnknown('The read-back was lost.');
        const found = network.holdings.readReference(name, reference);
        return found === undefined ? { applied: false } : { applied: true, result: found.result };
      },
    };
  }

  async function meet(takeEffect: () => Promise<{ answer: Answer }>, postpone: () => void): Promise<unknown> {
    switch (fate) {
      case 'answer':
        return resultOf((await takeEffect()).answer);
      case 'lost':
        await takeEffect();
        throw new OutcomeUnknown('The answer was lost.');
      case 'never':
        throw new OutcomeUnknown('The call was lost.');
      case 'late':
        postpone();
        throw new OutcomeUnknown('The connection was cut.');
      case 'refuse':
        throw new PlatformRefusal('refusedByChance', 'The platform does not want to.');
      case 'notReached':
        throw new PlatformNotReached('Nobody is there.');
      default:
        return fate satisfies never;
    }
  }

  const executors = new Map(
    activators.map((activator) => {
      const platforms = new Map(
        activator.steps.map(({ on: platform }): [string, GuardedPlatform] => [
          platform.name,
          {
            ...{ platform: shown(platform), url: `http://${platform.name}` },
            breaker: { ...breaker, platform: platform.name },
            bulkhead: createBulkhead(
              () => 1,
              () => undefined,
            ),
          },
        ]),
      );
      const happened = (outcome: Outcome): void => {
        heard = outcome;
      };
      return [
        activator.serviceType,
        startStepCalls({ activator, platforms, callbackBase: 'http://here', log, happened }),
      ];
    }),
  );

  return {
    /** Drives an open intent, and says what came of it. */
    async drive(activation: Activation, meets: Fate): Promise<Outcome> {
      fate = meets;
      heard = undefined;
      const executor = executors.get(activation.command.serviceType);
      executor?.committed([activation], performance.now());
      await executor?.drained();
      if (heard === undefined) throw new Error(`nothing was driven of ${activation.id}`);
      return heard;
    },

    /** What was cut off and is due takes effect. */
    async passTo(time: number): Promise<void> {
      const due = late.filter(({ at }) => at <= time).toSorted((a, b) => a.at - b.at);
      late = late.filter((one) => !due.includes(one));
      for (const { takeEffect } of due) await takeEffect();
    },
  };
}

/** What an answer means for the call: as `request` sorts it. */
function resultOf(answer: Answer): unknown {
  if (answer.send !== 'json') throw new OutcomeUnknown('The answer is not JSON.');
  const { status, body } = answer;
  if (status === 200) return (body as { result: unknown }).result;
  const { code, reason } = (body as { error: { code: string; reason: string } }).error;
  throw status >= 500 ? new OutcomeUnknown(reason) : new PlatformRefusal(code, reason);
}
