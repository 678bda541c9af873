import { z } from 'zod';
import {
  activateItem,
  cancelItem,
  externalAnswered,
  runStep,
  settleStep,
} from '../../contracts/messages/activation.ts';
import { command } from '../../contracts/messages/message.ts';
import type { ServiceSpecification } from '../../contracts/messages/service-catalog.ts';
import type { Characteristics, Failure } from '../../contracts/messages/values.ts';
import type { Contents } from '../../ops/platform/contents.store.ts';
import { derivedId } from '../../ops/platform/ids.ts';
import { type Aggregate, type Handler, done, later, on, park } from '../../ops/platform/messaging/handler.ts';
import { begin, onOutcome, run, settle } from './activation.decide.ts';
import type { Activation, Outcome, Rules } from './activation.state.ts';
import { specifying } from './activation.store.ts';
import type { Activator } from './activator.ts';
import { cancel } from './cancellation.decide.ts';
import { correctionFault } from './correction.decide.ts';
import { awaitsVerdict } from './course.decide.ts';
import { onAnswered } from './external.decide.ts';
import { remembering } from './origin.ts';
import { faultOf } from './outline.ts';
import { answerLanded } from './step-calls.ts';

/** What happened to an intent, on its way to being recorded. Never published. */
export const outcomeKnown = command('runtime.outcome-known.v1', {
  body: z.custom<Outcome>(),
  to: '',
  whenGivenUp: 'warn',
});

export interface ActivationHandlers {
  readonly work: readonly Handler[];
  readonly control: readonly Handler[];
  /** Records what became of an intent. */
  readonly recorder: Handler;
}

/**
 * Everything an activator listens to, on these activations.
 *
 * @param rules as they are when a message is decided: a process that is about to end has others
 * @param contents what commands refer to
 */
export function activationHandlers(
  activator: Activator,
  of: Aggregate<Activation>,
  rules: () => Rules,
  contents: Contents<ServiceSpecification>,
): ActivationHandlers {
  /** What a person put right must be what the activator can take, and must not be done already. */
  const faultOfCorrection = (
    state: Activation | undefined,
    requested: Characteristics | undefined,
  ): Failure | undefined =>
    requested === undefined ? undefined : (faultOf(activator, requested) ?? correctionFault(state, requested, rules()));

  const beginner = on(activateItem, {
    of,
    key: idOf,
    context: (tx, bodies) => specifying(tx, contents, bodies),
    decide: (state, { body, now }, whole) =>
      done(begin(state, idOf(body), whole(body), faultOf(activator, body.requested), rules(), now)),
  });
  const runner = on(runStep, {
    of,
    key: (body) => body.activationId,
    decide: (state, { body, now }) => {
      if (state !== undefined && awaitsVerdict(state)) return later(soonAfter(now));
      const fault = faultOfCorrection(state, body.requested);
      return fault === undefined ? done(run(state, body, rules(), now)) : park(fault.code, fault.reason);
    },
  });
  const settler = on(settleStep, {
    of,
    key: (body) => body.activationId,
    decide: (state, { body, now }) => {
      const fault = faultOfCorrection(state, body.requested);
      return fault === undefined
        ? done(settle(state, body.position, body, rules(), now))
        : park(fault.code, fault.reason);
    },
  });
  const canceller = on(cancelItem, {
    of,
    key: (body) => idOf(body.item),
    context: (tx, bodies) =>
      specifying(
        tx,
        contents,
        bodies.map(({ item }) => item),
      ),
    decide: (state, { body, now }, whole) => {
      const cancellation = { ...body, item: whole(body.item) };
      return done(cancel(state, idOf(body.item), cancellation, faultOf(activator, body.item.requested), rules(), now));
    },
  });
  const answered = on(externalAnswered, {
    of,
    key: ({ reference }) => operationOf(reference).activationId,
    decide: (state, { body: { reference, answer }, now }) => {
      const { position } = operationOf(reference);
      if (state === undefined) return park('unknownReference', `Nothing was submitted under ${reference}.`);
      if (answer.state === 'refused')
        return done(onAnswered(state, position, { kind: 'refused', failure: answer.failure }, rules(), now));
      const result = answerLanded(activator, state, position, answer.result);
      if (result === undefined)
        return park('unreadableAnswer', `The answer to ${reference} is not what its step expects.`);
      return done(onAnswered(state, position, result, rules(), now));
    },
  });
  return {
    work: [beginner, runner].map(remembering),
    control: [settler, canceller, answered].map(remembering),
    recorder: on(outcomeKnown, {
      of,
      key: (body) => body.id,
      decide: (state, { body, now }) => done(onOutcome(state, body, rules(), now)),
    }),
  };
}

/** An activation's id: its business key, derived. */
const idOf = (body: { orderId: string; itemId: string; action: string }): string =>
  derivedId(body.orderId, body.itemId, body.action);

/** An order decides within a second or two whether it is cancelled. */
const soonAfter = (now: Date): Date => new Date(now.getTime() + 1_000);

/** The operation that a reference of ours names: see `operationReference`. What is none of ours names nothing. */
function operationOf(reference: string): { activationId: string; position: number } {
  const [, activationId = nobody, position = '0'] = /^([0-9a-f-]{36})\.(\d{1,4})$/.exec(reference) ?? [];
  return { activationId, position: Number(position) };
}
const nobody = '00000000-0000-0000-0000-000000000000';
