import { createHmac } from 'node:crypto';
import type { Database } from './database.ts';
import {
  type DeliveriesStore,
  type Delivery,
  type Pace,
  type PaceSetting,
  deliveriesStore,
} from './deliveries.store.ts';
import type { Finished, Work } from './exchange.ts';
import type { Refusal } from './manager.ts';

/** How an outside operator behaves unless it is told otherwise at run time. */
export type Delivering = {
  /** Milliseconds until work that was taken on is done. */
  afterMs?: number;
  /** What its calls back are signed with; without it nobody is called back. */
  secret?: string;
  /** Until a call back that was not answered is made again; twice as long each time. */
  retryMs?: number;
};

/** What a person who watches an order has patience for. */
const DELIVER_AFTER_MS = 3_000;
const RETRY_MS = 1_000;
/** Calls back in all; a caller that is down longer than these take finds out by asking. */
const MOST_CALLS = 7;
const CALL_TIMEOUT_MS = 5_000;

/**
 * Work that outside operators took on: done when it is due, then told to whoever ordered it until they say they heard it.
 * All of it is on record, so a killed simulator goes on with it.
 */
export function deliveries(database: Database, now: () => number, { afterMs, secret, retryMs }: Delivering = {}) {
  const store: DeliveriesStore = deliveriesStore(database);
  const usual: Pace = {
    ...{ afterMs: afterMs ?? DELIVER_AFTER_MS, outcome: 'done', callback: 'once', despiteCease: false },
    ...{ code: 'cannot-deliver', reason: 'the site cannot be connected' },
  };
  const timers = new Map<string, NodeJS.Timeout>();
  const closing = new AbortController();
  let finish: ((work: Work, refused: Refusal | undefined, despite: boolean) => Finished) | undefined;

  const keyOf = ({ manager, call }: Work) => `${manager} ${call.reference}`;

  function schedule(work: Work, at: number, act: () => void): void {
    clearTimeout(timers.get(keyOf(work)));
    const due = () => {
      timers.delete(keyOf(work));
      act();
    };
    timers.set(keyOf(work), setTimeout(due, Math.max(0, at - now())));
  }

  function deliver(work: Work): Delivery | undefined {
    clearTimeout(timers.get(keyOf(work)));
    timers.delete(keyOf(work));
    database.atomically(() => {
      const open = store.get(work.manager, work.call.reference);
      if (open?.state !== 'open' || finish === undefined) return;
      const { code, reason, outcome, callback, despiteCease } = open.pace;
      const refused = outcome === 'refused' ? ({ status: 409, code, reason } as const) : undefined;
      const finished = finish(open, refused, despiteCease);
      const isTold = finished.state !== 'calledOff' && callback !== 'lost' && secret !== undefined;
      store.finished(open, finished, isTold && open.callbackUrl !== null ? now() : null);
    });
    return store.get(work.manager, work.call.reference);
  }

  function deliverAndTell(work: Work): void {
    const delivered = deliver(work);
    if (delivered !== undefined && delivered.callAt !== null) scheduleCall(delivered);
  }

  function scheduleCall(delivery: Delivery): void {
    schedule(delivery, delivery.callAt ?? now(), () => void callBack(delivery));
  }

  /** Calls back once, and arranges the next call where one is due. */
  async function callBack(delivery: Delivery): Promise<void> {
    const isHeard = await post(delivery);
    if (closing.signal.aborted) return;
    const { manager, call, pace, calls, answered } = delivery;
    const wanted = pace.callback === 'twice' ? 2 : 1;
    const isOver = answered + (isHeard ? 1 : 0) >= wanted || calls + 1 >= MOST_CALLS;
    const next = now() + (isHeard ? 0 : (retryMs ?? RETRY_MS) * 2 ** calls);
    if (store.get(manager, call.reference) === undefined) return;
    store.called(delivery, isHeard, isOver ? null : next);
    const again = isOver ? undefined : store.get(manager, call.reference);
    if (again !== undefined) scheduleCall(again);
  }

  async function post({ call, callbackUrl, state, told }: Delivery): Promise<boolean> {
    const { reference } = call;
    const body = JSON.stringify(
      state === 'done'
        ? { reference, state, result: told }
        : { reference, state: 'refused', code: told?.['code'], reason: told?.['reason'] },
    );
    try {
      const answer = await fetch(callbackUrl ?? '', {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'patchbay-signature': signature(body, secret ?? '', now()) },
        body,
        signal: AbortSignal.any([closing.signal, AbortSignal.timeout(CALL_TIMEOUT_MS)]),
      });
      await answer.body?.cancel();
      return answer.ok;
    } catch {
      return false;
    }
  }

  return {
    /** Goes on with what an earlier run left behind, and from now on has work done by `how`. */
    start(how: NonNullable<typeof finish>): void {
      finish = how;
      for (const delivery of store.all()) {
        if (delivery.state === 'open' && delivery.dueAt !== null)
          schedule(delivery, delivery.dueAt, () => deliverAndTell(delivery));
        else if (delivery.callAt !== null) scheduleCall(delivery);
      }
    },

    /** Keeps work until it is due. Belongs into the transaction that takes it on. */
    takeOn(work: Work): void {
      const dealt = store.pace(usual);
      const isTimed = dealt.afterMs !== null && dealt.callback !== 'early';
      const dueAt = isTimed ? now() + (dealt.afterMs ?? 0) : null;
      const { callbackUrl } = work.call.parameters;
      const url = typeof callbackUrl === 'string' ? callbackUrl : null;
      const open = { state: 'open', told: null, callAt: null, calls: 0, answered: 0 } as const;
      store.add({ ...work, ...open, pace: dealt, dueAt, callbackUrl: url });
      if (dueAt !== null) schedule(work, dueAt, () => deliverAndTell(work));
    },

    /** Before an order is answered: does it and calls back, where that is its pace. */
    async beforeAnswer(manager: string, reference: string): Promise<void> {
      const open = store.get(manager, reference);
      if (open?.state !== 'open' || open.pace.callback !== 'early') return;
      const delivered = deliver(open);
      if (delivered !== undefined && delivered.callAt !== null) await callBack(delivered);
    },

    get: store.get,
    all: store.all,
    open: (): number => store.all().filter(({ state }) => state === 'open').length,
    pace: (): Pace => store.pace(usual),
    setPace: (set: PaceSetting): Pace => {
      store.setPace({ ...set, afterMs: set.afterMs === undefined ? usual.afterMs : set.afterMs });
      return store.pace(usual);
    },

    /** Does at once all that is open. */
    deliverNow(): void {
      for (const delivery of store.all()) if (delivery.state === 'open') deliverAndTell(delivery);
    },

    /** Stops; what is open, and who is still to be called back, stays on record for the next start. */
    stop(): void {
      closing.abort();
      for (const timer of timers.values()) clearTimeout(timer);
      timers.clear();
    },

    forget(): void {
      for (const timer of timers.values()) clearTimeout(timer);
      timers.clear();
      store.forget();
    },
  };
}

/** What proves who calls back: the HMAC-SHA256, under the shared secret, of the instant in seconds, a dot and the body. */
export function signature(body: string, secret: string, atMs: number): string {
  const t = Math.floor(atMs / 1_000);
  return `t=${t},v1=${createHmac('sha256', secret).update(`${t}.${body}`).digest('hex')}`;
}
