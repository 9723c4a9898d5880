/** Names for completion, asked of the warehouse when they are first needed. Psyberg -> Names. */
import type { Psyberg } from '../../psyberg.ts';
import type { Names } from './completion.ts';

export interface KnownNames extends Names {
  /** After statements that may have changed what there is. */
  forget(): void;
}

/** What cannot be found out completes nothing: an error would stand in the middle of what is typed. */
export function knownNames(psyberg: Pick<Psyberg, 'sql' | 'branches'>): KnownNames {
  const columnOf = async (query: string, column: string): Promise<string[]> => {
    const { rows, columns } = await psyberg.sql(query);
    const index = columns.findIndex(({ name }) => name === column);
    return rows.map((row) => String(row[index]));
  };
  const asked = new Map<string, Promise<readonly string[]>>();
  const once = (key: string, ask: () => Promise<readonly string[]>): Promise<readonly string[]> => {
    const known = asked.get(key) ?? ask().catch(() => []);
    asked.set(key, known);
    return known;
  };
  const keywords = 'keywords';
  return {
    tables: () => once('tables', () => columnOf('show tables', 'name')),
    columns: (table) => once(`columns ${table}`, () => columnOf(`describe ${table}`, 'column_name')),
    keywords: () =>
      once(keywords, () => columnOf('select keyword_name from duckdb_keywords()', 'keyword_name')),
    branches: () =>
      once('branches', async () => ['main', ...((await psyberg.branches()) ?? []).map(({ name }) => name)]),
    forget() {
      for (const key of asked.keys()) if (key !== keywords) asked.delete(key);
    },
  };
}
