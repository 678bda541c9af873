import { nextDue } from './dates.decide.ts';
import { draftOf, isOver } from './draft.decide.ts';
import { finish } from './deliver/finish.decide.ts';
import type { Effects, OrderState, Turn } from './order.state.ts';
import { start } from './receive/receive.decide.ts';

/** The alarm: a date has come, or a wait is over. */
export function onDue(state: OrderState | undefined, turn: Turn): Effects {
  const { now } = turn;
  if (state === undefined || state.dueAt === null || state.dueAt > now) return {};
  const { order, cancellations } = state;
  const draft = draftOf(state, turn);
  const { requestedStartDate } = order.request;
  const isPast = (date: string | undefined): boolean => date !== undefined && new Date(date) <= now;
  const starts =
    order.stage === 'validated' &&
    state.claim === 'none' &&
    (requestedStartDate === undefined || isPast(requestedStartDate));
  const cancels =
    !isOver(state) &&
    order.stage !== 'assessingCancellation' &&
    cancellations.some(({ state: stands, notBefore }) => stands === 'acknowledged' && isPast(notBefore));
  if (starts && !cancels) start(draft);
  const effects = finish(draft, state);
  // Nothing came of it: the order stands still, or the release before set the alarm to remind others.
  if (!starts && !cancels && draft.send.length === 0) return { save: [{ ...state, dueAt: nextDue(draft) }] };
  return effects;
}
