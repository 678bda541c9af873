/**
 * A failure the reader can mend: its message is one sentence that says what is wrong and what to do.
 * Entry points print the message alone, without a stack.
 */
export class Sentence extends Error {
  override readonly name: string = 'Sentence';
}

/** Prints a failure as its reader needs it: a sentence as it is, a surprise with its stack. */
export function explain(error: unknown): string {
  if (error instanceof Sentence) return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
