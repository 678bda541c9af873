import type { DecompositionRule, RecoveryPolicy } from '../../../contracts/messages/decomposition.ts';
import type { ServiceSpecification } from '../../../contracts/messages/service-catalog.ts';

/** Where in a document: names of attributes and places in lists. */
export type Path = readonly (string | number)[];

/** Something wrong with a rule or policy, at a place in it. */
export interface Finding {
  readonly in: DecompositionRule | RecoveryPolicy;
  readonly path: Path;
  readonly message: string;
}

/** What is held against each other. Without `specifications` nothing is said about service specifications. */
export interface Checked {
  readonly rules: readonly DecompositionRule[];
  readonly policies: readonly RecoveryPolicy[];
  readonly specifications?: readonly ServiceSpecification[] | undefined;
}
