/**
 * A failure the reader can mend: its message is one sentence that says what is wrong, where, and what to do.
 * Entry points print the message alone, without a stack.
 */
export class Sentence extends Error {
  override readonly name: string = 'Sentence';
}
