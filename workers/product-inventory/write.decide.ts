import { send } from '../../contracts/messages/message.ts';
import {
  type Product,
  type ProductWrite,
  productCommandRefused,
  productWrite,
} from '../../contracts/messages/product-inventory.ts';
import type { CommandRefused } from '../../contracts/messages/values.ts';
import { mayBecome, productEnded } from './product.machine.ts';
import {
  type Effects,
  type Get,
  type ProductState,
  around,
  changed,
  liveParts,
  productOf,
  revised,
  withStatus,
} from './product.state.ts';

interface Command {
  /** The message's id: what the refusal answers. */
  readonly commandId: string;
  readonly id: string;
  readonly expectedRevision?: number | undefined;
}

/** Enters a product from outside. The id is the business key: the same command again shows what it made. */
export function create(get: Get, { id }: Command, write: ProductWrite, now: Date): Effects {
  const state = productOf(get, id);
  if (state !== undefined) return { send: [changed(state)] };
  const product: Product = {
    ...withStatus({ ...write, ...nothingYet, id, updatedAt: now.toISOString() }, write.status, now),
    revision: 1,
  };
  const created = around(product);
  return { save: [created], send: [changed(created)] };
}

const nothingYet = {
  revision: 0,
  components: [],
  missing: [],
  orderItems: [],
  claim: null,
} satisfies Partial<Product>;

/** Replaces what may be written from outside, at the revision it was computed from. */
export function replace(get: Get, command: Command, write: ProductWrite, now: Date): Effects {
  const state = productOf(get, command.id);
  const refusal = unfit(state, command);
  if (refusal !== undefined || state === undefined) return refuse(command, refusal ?? missing);
  const against = whyNotReplace(state.product, write);
  if (against !== undefined) return refuse(command, against);
  const written: Product = { ...owned(state.product), ...write };
  const next = revised(state, withStatus(written, write.status, now), now);
  return { save: [next], send: [changed(next)] };
}

/** What of a product nobody writes from outside; what a newer release keeps in it, too. */
const owned = (product: Product): Omit<Product, keyof ProductWrite> =>
  Object.fromEntries(
    Object.entries(product).filter(([name]) => !Object.hasOwn(productWrite.shape, name)),
  ) as unknown as Omit<Product, keyof ProductWrite>;

/** Deletes the record of a product behind which nothing stands. */
export function remove(get: Get, command: Command, now: Date): Effects {
  const state = productOf(get, command.id);
  const refusal = unfit(state, command);
  if (refusal !== undefined || state === undefined) return refuse(command, refusal ?? missing);
  const { product } = state;
  if (product.claim !== null) return refuse(command, busy(product.claim));
  const stands = (product.components.length > 0 && !productEnded(product.status)) || liveParts(get, state).length > 0;
  if (stands) {
    const reason = `The product is ${product.status}: order its delete through TMF622, then delete the record.`;
    return refuse(command, { kind: 'conflict', code: 'productDelivered', reason });
  }
  const next: ProductState = { ...revised(state, product, now), deleted: true, dueAt: null };
  return { save: [next], send: [changed(next)] };
}

type Reason = Pick<CommandRefused, 'kind' | 'code' | 'reason'>;

const missing: Reason = { kind: 'notFound', code: 'notFound', reason: 'There is no such product.' };

const busy = ({ orderId, itemId }: NonNullable<Product['claim']>): Reason => ({
  kind: 'conflict',
  code: 'productBusy',
  reason: `Item "${itemId}" of product order ${orderId} is changing this product.`,
});

function unfit(state: ProductState | undefined, { expectedRevision }: Command): Reason | undefined {
  if (state === undefined || state.deleted) return missing;
  const { revision } = state.product;
  if (expectedRevision === undefined || expectedRevision === revision) return undefined;
  return {
    kind: 'stale',
    code: 'revisionMoved',
    reason: `The product is at revision ${revision}, not ${expectedRevision}.`,
  };
}

/** What an order writes, and plans the next change by. */
const ofOrders = [
  'status',
  'isBundle',
  'offering',
  'specification',
  'characteristics',
  'startDate',
  'terminationDate',
] as const;
/** What must stay as it was delivered, for as long as services stand behind it. */
const ofServices = ['status', 'isBundle', 'specification', 'characteristics'] as const;

function whyNotReplace(product: Product, write: ProductWrite): Reason | undefined {
  const differs = (names: readonly (keyof ProductWrite)[]) => names.find((name) => !alike(product[name], write[name]));
  if (product.claim !== null) return differs(ofOrders) === undefined ? undefined : busy(product.claim);
  const delivered = product.components.length > 0 ? differs(ofServices) : undefined;
  if (delivered !== undefined) {
    const reason = `The product is delivered: its ${delivered} follows from orders, which go through TMF622.`;
    return { kind: 'conflict', code: 'productDelivered', reason };
  }
  if (mayBecome(product, write.status)) return undefined;
  const reason = `A product that is ${product.status} cannot become ${write.status}.`;
  return { kind: 'conflict', code: 'illegalStatus', reason };
}

/** Equal as JSON, whatever the order of names. */
function alike(one: unknown, other: unknown): boolean {
  if (one === other) return true;
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null) return false;
  if (Array.isArray(one) !== Array.isArray(other)) return false;
  const left = new Map(defined(one));
  const right = new Map(defined(other));
  return (
    left.size === right.size && [...left].every(([name, value]) => right.has(name) && alike(value, right.get(name)))
  );
}

const defined = (value: object): [string, unknown][] => Object.entries(value).filter(([, one]) => one !== undefined);

const refuse = ({ commandId, id }: Command, reason: Reason): Effects => ({
  send: [send(productCommandRefused, { commandId, id, ...reason })],
});
