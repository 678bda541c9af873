import { z } from 'zod';
import { orderManagementQueue } from '../topology.ts';
import { command } from './message.ts';
import { characteristicSpecification } from './service-catalog.ts';
import { specificationRef } from './values.ts';

/** A condition over the characteristics of the product at hand, and, as `bundle.<name>`, of the product it is part of. */
export type Condition =
  | { characteristic: string; is: z.core.util.JSONType }
  | { characteristic: string; in: z.core.util.JSONType[] }
  | { characteristic: string; atLeast: number }
  | { characteristic: string; atMost: number }
  | { characteristic: string; present: boolean }
  | { all: Condition[] }
  | { any: Condition[] }
  | { not: Condition };
const about = { characteristic: z.string().min(1) };
export const condition: z.ZodType<Condition> = z.lazy(() =>
  z.union([
    z.strictObject({ ...about, is: z.json() }),
    z.strictObject({ ...about, in: z.array(z.json()).min(1) }),
    z.strictObject({ ...about, atLeast: z.number() }),
    z.strictObject({ ...about, atMost: z.number() }),
    z.strictObject({ ...about, present: z.boolean() }),
    z.strictObject({ all: z.array(condition).min(1) }),
    z.strictObject({ any: z.array(condition).min(1) }),
    z.strictObject({ not: condition }),
  ]),
);

/**
 * Where a characteristic's value comes from. Declared as data, so that it can be checked, explained and repeated exactly;
 * an expression that has no value leaves its characteristic out.
 */
export type Expression =
  | { value: z.core.util.JSONType }
  | { from: string; default?: z.core.util.JSONType | undefined }
  | { convert: Expression; from: string; to: string }
  | { translate: Expression; by: Record<string, z.core.util.JSONType>; otherwise?: z.core.util.JSONType | undefined }
  | { join: Expression[]; with?: string | undefined }
  | { first: Expression[] }
  | { when: Condition; then: Expression; otherwise?: Expression | undefined };
export const expression: z.ZodType<Expression> = z.lazy(() =>
  z.union([
    /** The same always. */
    z.strictObject({ value: z.json() }),
    /** A characteristic of the product (`bundle.<name>`: of the product it is part of), or the default. */
    z.strictObject({ from: z.string().min(1), default: z.json().optional() }),
    /** A number in another unit of the same quantity: `Gbit/s` to `Mbit/s`, `GB` to `MB`, `h` to `min`. */
    z.strictObject({ convert: expression, from: z.string(), to: z.string() }),
    /** A value looked up: what stands for it, or `otherwise`, or nothing. */
    z.strictObject({ translate: expression, by: z.record(z.string(), z.json()), otherwise: z.json().optional() }),
    /** Texts put together; nothing if a part has no value. */
    z.strictObject({ join: z.array(expression).min(1), with: z.string().optional() }),
    /** The first that has a value. */
    z.strictObject({ first: z.array(expression).min(1) }),
    z.strictObject({ when: condition, then: expression, otherwise: expression.optional() }),
  ]),
);

/** A name within a rule: of a component, or of a product within a bundle. */
export const componentName = z.string().regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, 'must be lower case words joined by dashes');

const common = {
  name: componentName,
  /** Taken only where this holds. */
  when: condition.optional(),
  /** The order may end without it. */
  optional: z.boolean().default(false),
  /** By characteristic of the target. */
  characteristics: z.record(z.string(), expression).default({}),
};

/** A customer-facing service that a product is realized by: one service order of its own. */
export const serviceComponent = z.strictObject({
  ...common,
  specification: specificationRef.extend({ version: z.string() }),
  /** Which recovery policy speaks for it. */
  serviceType: z.string(),
  /**
   * Components that must be done before this one begins; taken back after it. `name` is one of the rule itself,
   * `<product>/<name>` one of a product bundled in it, or in a bundle around it: where that is not taken, it means nothing.
   */
  after: z.array(z.string()).default([]),
  /** Components whose services this one stands on; implies `after`. */
  standsOn: z.array(z.string()).default([]),
});
export type ServiceComponent = z.output<typeof serviceComponent>;

/** A product within a bundle, with its own specification and rule. */
export const bundledProduct = z.strictObject({
  ...common,
  specification: specificationRef.extend({ version: z.string().optional() }),
  /** How many of it; 1 where nothing is said. A number with no fraction, at least 0. */
  quantity: expression.optional(),
});
export type BundledProduct = z.output<typeof bundledProduct>;

/**
 * How a product of one specification version is realized. Rules are immutable: a change is a new `version`. `revision`
 * counts the versions of a specification version; the newest active one is what new orders get.
 */
export const decompositionRule = z.strictObject({
  $schema: z.string().optional(),
  specification: specificationRef.extend({ version: z.string() }),
  version: z.string(),
  revision: z.int().positive(),
  lifecycleStatus: z.enum(['active', 'retired']),
  name: z.string(),
  description: z.string().optional(),
  /** What an order may say about such a product. */
  characteristics: z.array(characteristicSpecification).default([]),
  products: z.array(bundledProduct).default([]),
  services: z.array(serviceComponent).default([]),
});
export type DecompositionRule = z.output<typeof decompositionRule>;
/** A rule as a file holds it, with what may be left out. */
export type DecompositionRuleFile = z.input<typeof decompositionRule>;

/**
 * What went wrong with a service order, coarsely enough to have a policy for: `rejected` it was not taken, `refused` the
 * network or partner said no, `timedOut` an outside system did not answer by its deadline, `unreachable` an outside
 * endpoint could not be reached in time, `partial` done without its optional steps, `cancelled` somebody else cancelled
 * it, `unexpected` everything else.
 */
export const errorClasses = [
  'rejected',
  'refused',
  'timedOut',
  'unreachable',
  'partial',
  'cancelled',
  'unexpected',
] as const;
export type ErrorClass = (typeof errorClasses)[number];

/**
 * What to do about it. `retry`: the same again, `attempts` times at most, `wait` between (`500ms`, `5s`, `2min`).
 * `compensate`: take the product's other components back in reverse; the item fails, the rest of the order goes on.
 * `rollBack`: take the whole order back. `markPartial`: go on without it, where the component is optional.
 * `keep`: take it as it is (`partial` only). `hold`: wait for a person.
 */
export const recoveryStep = z.discriminatedUnion('do', [
  z.strictObject({
    do: z.literal('retry'),
    attempts: z.int().min(1).max(20),
    wait: z
      .string()
      .regex(/^\d+(ms|s|min|h)$/)
      .default('1s'),
  }),
  z.strictObject({ do: z.enum(['compensate', 'rollBack', 'markPartial', 'keep', 'hold']) }),
]);
export type RecoveryStep = z.output<typeof recoveryStep>;

/** A service type's policy: for each error class the steps to try in turn; the last one must end it. */
export const recoveryPolicy = z.strictObject({
  $schema: z.string().optional(),
  /** `*` speaks for the types that have none of their own. */
  serviceType: z.string(),
  revision: z.int().positive(),
  /** By error class; `any` speaks for those not named. */
  cases: z.partialRecord(z.enum([...errorClasses, 'any']), z.array(recoveryStep).min(1).max(5)),
  /** When a service that was delivered degrades: ask its domain for a repair, so often at most. */
  repair: z.strictObject({ attempts: z.int().min(1).max(20) }).optional(),
});
export type RecoveryPolicy = z.output<typeof recoveryPolicy>;

/** A new version of a rule: the same revision again is a no-op, an older one too. */
export const publishRule = command('order-management.publish-rule.v1', {
  body: z.object({ rule: decompositionRule }),
  to: orderManagementQueue,
  whenGivenUp: 'warn',
});
export const publishRecoveryPolicy = command('order-management.publish-recovery-policy.v1', {
  body: z.object({ policy: recoveryPolicy }),
  to: orderManagementQueue,
  whenGivenUp: 'warn',
});
