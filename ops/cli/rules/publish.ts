import {
  type DecompositionRule,
  type RecoveryPolicy,
  publishRecoveryPolicy,
  publishRule,
} from '../../../contracts/messages/decomposition.ts';
import { send } from '../../../contracts/messages/message.ts';
import type { Database } from '../../platform/database.ts';
import { publicationOf } from '../../platform/messaging/envelope.ts';
import { newId } from '../../platform/ids.ts';
import { insertDue } from '../../platform/messaging/message.store.ts';

/** Publishes rules and recovery policies to order management. Those it has already change nothing. */
export async function publishRules(
  sql: Database,
  rules: readonly DecompositionRule[],
  policies: readonly RecoveryPolicy[],
): Promise<void> {
  const commands = [
    // Bundled products before their bundles, older before newer: each finds what it refers to.
    ...rules
      .toSorted((a, b) => a.products.length - b.products.length || a.revision - b.revision)
      .map((rule) => send(publishRule, { rule })),
    ...policies.toSorted((a, b) => a.revision - b.revision).map((policy) => send(publishRecoveryPolicy, { policy })),
  ];
  if (commands.length === 0) return;
  await insertDue(
    sql,
    commands.map((command) => publicationOf(command, { correlationId: newId() })),
  );
}
