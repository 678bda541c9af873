import type { z } from 'zod';

/** A row of ours whose document this release cannot work with. */
export class UnusableRow extends Error {
  override name = 'UnusableRow';
}

/**
 * Reads the documents of one table: checks each and gives it as it is stored, not as the schema would rebuild it. So what
 * a newer release added survives this release's save. A word that this release does not know stops what needs the row,
 * rather than being taken for something else.
 *
 * @param table with its schema, for the error
 * @throws UnusableRow that names table, id and attribute
 */
export const documentsOf =
  <Doc>(table: string, schema: z.ZodType<Doc>) =>
  ({ id, doc }: { readonly id: string; readonly doc: unknown }): Doc => {
    const { error } = schema.safeParse(doc);
    if (error === undefined) return doc as Doc;
    const wrong = error.issues.slice(0, 5).map(({ path, message }) => `${path.join('.') || 'doc'}: ${message}`);
    throw new UnusableRow(`${table} ${id} is not as this release knows it, and is left as it is: ${wrong.join('; ')}`);
  };
