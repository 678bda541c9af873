import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { serviceOrderingBasePath } from '../../../contracts/tmf/tmf641.ts';
import { Sentence } from '../../bootstrap/sentence.ts';
import type { ShownPlan } from './plan.ts';

/** A service order as far as the command line looks into it. */
export interface ShownOrder {
  readonly id: string;
  readonly state: string;
  readonly serviceOrderItem: readonly ShownItem[];
  readonly errorMessage?: readonly { readonly reason?: string; readonly message?: string }[];
  readonly jeopardyAlert?: readonly { readonly message?: string }[];
  readonly cancellationReason?: string;
  readonly note?: readonly { readonly id?: string; readonly text: string }[];
}

export interface ShownItem {
  readonly id: string;
  readonly action: string;
  readonly state: string;
  readonly service: { readonly id?: string; readonly name?: string; readonly serviceType?: string };
  readonly errorMessage?: readonly { readonly reason?: string; readonly message?: string }[];
  readonly serviceOrderItem?: readonly ShownItem[];
}

/** Tries in all: a gateway that restarts is back within them. */
const tries = 10;

/**
 * Places an order. Safe to repeat: every try carries the same Idempotency-Key.
 *
 * @throws Sentence when the gateway is not there, or refuses
 */
export async function placeOrder(gateway: string, body: string): Promise<ShownOrder> {
  const key = randomUUID();
  return request(`${gateway}${serviceOrderingBasePath}/serviceOrder`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'idempotency-key': key },
    body,
  });
}

export const readOrder = (gateway: string, id: string): Promise<ShownOrder> =>
  request(`${gateway}${serviceOrderingBasePath}/serviceOrder/${encodeURIComponent(id)}`, {});

/** Asks what an order would come to. Nothing is placed. */
export const planOrder = (gateway: string, body: string): Promise<ShownPlan> =>
  request(`${gateway}${serviceOrderingBasePath}/serviceOrder?dryRun=true`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body,
  });

async function request<Shown>(url: string, init: RequestInit): Promise<Shown> {
  for (let attempt = 1; ; attempt += 1) {
    const response = await fetch(url, init).catch((error: unknown) => error);
    if (response instanceof Response && response.status < 500) return answered<Shown>(response);
    if (attempt >= tries) {
      const why = response instanceof Response ? `answers ${response.status}` : 'does not answer';
      throw new Sentence(
        `The gateway at ${new URL(url).origin} ${why}: start the system with npm start, or name another with --gateway.`,
      );
    }
    await sleep(Math.min(100 * 2 ** attempt, 2_000));
  }
}

async function answered<Shown>(response: Response): Promise<Shown> {
  const body: unknown = await response.json();
  if (response.ok) return body as Shown;
  const { code, reason, message } = body as { code?: string; reason?: string; message?: string };
  throw new Sentence(
    `The gateway refuses the order (${response.status} ${code ?? ''}): ${reason ?? 'no reason given'} ${message ?? ''}`.trim(),
  );
}
