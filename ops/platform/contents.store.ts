import { createHash } from 'node:crypto';
import type { z } from 'zod';
import type { Queryable } from './database.ts';
import type { Statement } from './messaging/pipelined.ts';

/**
 * Documents that never change, kept once, by the digest of what they say: rows and messages refer to one instead of
 * carrying it.
 */
export interface Contents<Content extends object> {
  digestOf(content: Content): string;
  /**
   * The contents with these digests: from memory, else from the database.
   *
   * @throws Error for a digest that nothing was kept under
   */
  find(sql: Queryable, digests: readonly string[]): Promise<ReadonlyMap<string, Content>>;
  /** Keeps contents, in the transaction that first refers to them. Nothing for what this process knows to be kept. */
  inserts(sql: Queryable, contents: readonly Content[]): readonly Statement[];
}

/** Some kilobytes each; a catalog has tens to hundreds of versions that orders still refer to. */
const rememberedMost = 1_000;

/** @param schema what the contents are parsed by when they are read */
export function createContents<Content extends object>(schema: z.ZodType<Content>): Contents<Content> {
  const digests = new WeakMap<Content, string>();
  /** Those read from the database, the longest unused first. */
  const kept = new Map<string, Content>();

  function digestOf(content: Content): string {
    const known = digests.get(content);
    if (known !== undefined) return known;
    const digest = createHash('sha256').update(JSON.stringify(content)).digest('base64url');
    digests.set(content, digest);
    return digest;
  }

  function remember(digest: string, content: Content): void {
    kept.delete(digest);
    kept.set(digest, content);
    digests.set(content, digest);
    const [oldest] = kept.keys();
    if (kept.size > rememberedMost && oldest !== undefined) kept.delete(oldest);
  }

  return {
    digestOf,
    async find(sql, wanted) {
      const found = new Map<string, Content>();
      for (const digest of new Set(wanted)) {
        const content = kept.get(digest);
        if (content !== undefined) found.set(digest, content);
      }
      const missing = [...new Set(wanted)].filter((digest) => !found.has(digest));
      const rows =
        missing.length === 0
          ? []
          : await sql<{ digest: string; doc: unknown }[]>`
              select digest, doc from platform.content where digest = any(${missing}::text[])`;
      for (const { digest, doc } of rows) found.set(digest, schema.parse(doc));
      for (const [digest, content] of found) remember(digest, content);
      const lost = missing.find((digest) => !found.has(digest));
      if (lost !== undefined) throw new Error(`nothing is kept under the digest ${lost}`);
      return found;
    },
    inserts(sql, contents) {
      const added = new Map(contents.map((content) => [digestOf(content), content]));
      // Sorted: two processes that keep the same ones would else wait for each other.
      const fresh = [...added].filter(([digest]) => !kept.has(digest)).toSorted(([a], [b]) => (a < b ? -1 : 1));
      if (fresh.length === 0) return [];
      const statement = sql`
        insert into platform.content (digest, doc)
        select * from unnest(
          ${fresh.map(([digest]) => digest)}::text[],
          ${fresh.map(([, content]) => JSON.stringify(content))}::text[]::json[]
        )
        on conflict (digest) do nothing`;
      return [statement];
    },
  };
}
