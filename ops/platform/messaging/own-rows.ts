/** A row of ours that is in a state which this release does not know. */
export class UnusableRow extends Error {
  override name = 'UnusableRow';
}

/** Words of a document, and those that this release knows. Nothing is no word. */
type Words = readonly [known: readonly string[], ...words: readonly (string | null | undefined)[]];

/**
 * Reads the documents of one table as they are stored, so that what a newer release added survives this release's save
 * (decision 20). A state that this release does not know stops what needs the row, and is never taken for another.
 *
 * @param table with its schema, for the error
 * @throws UnusableRow that names table, id and word
 */
export const documentsOf =
  <Doc>(table: string, wordsOf: (doc: Doc) => readonly Words[]) =>
  ({ id, doc }: { readonly id: string; readonly doc: unknown }): Doc => {
    for (const [known, ...words] of wordsOf(doc as Doc)) {
      const strange = words.find((word) => typeof word === 'string' && !known.includes(word));
      if (strange === undefined) continue;
      throw new UnusableRow(
        `${table} ${id} says ${strange}, and this release knows ${known.join(', ')}: left as it is`,
      );
    }
    return doc as Doc;
  };
