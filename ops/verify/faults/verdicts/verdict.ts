/** What was looked at, and what is wrong with it, each in a sentence. Nothing wrong: it holds. */
export interface Verdict {
  readonly name: string;
  readonly findings: readonly string[];
}
