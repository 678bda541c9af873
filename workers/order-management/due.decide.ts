import { draftOf, isOver } from './draft.decide.ts';
import { finish, kept } from './deliver/finish.decide.ts';
import type { Effects, OrderState, Turn } from './order.state.ts';
import { start } from './receive/receive.decide.ts';
import { nextDue, remind } from './reminders.decide.ts';

/** The alarm: a date has come, a wait is over, or something that was asked of others is overdue. */
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
  if (starts || cancels) return finish(draft, state);
  if (Object.values(state.work).some(({ waitUntil }) => isPast(waitUntil))) {
    const tried = draftOf(state, turn);
    const effects = finish(tried, state);
    // A wait that is over while the order stands still must not keep it from reminding others.
    if (tried.send.length > 0) return effects;
  }
  remind(draft);
  const reminders = state.reminders + 1;
  return { save: [{ ...state, ...kept(draft), reminders, dueAt: nextDue(draft, reminders) }], send: draft.send };
}
