/**
 * Statements over manifest lists as statements over what is known of them (macros/known_list): those read
 * no file and stay prepared. SQL -> SQL. Pure.
 */
export interface OverKnownLists {
  readonly sql: string;
  /** The parameters that name lists by their paths, and take their rows as JSON here. */
  readonly lists: readonly string[];
}

/** Undefined where it reads other files besides. */
export function overKnownLists(sql: string): OverKnownLists | undefined {
  const lists: string[] = [];
  const known = sql.replace(/\bmanifest_list\(\$(\w+)\)/g, (_all, name: string) => {
    lists.push(name);
    return `known_list($${name}::varchar[])`;
  });
  return /\bread_\w+\(|\bmanifest_list\(/.test(known) ? undefined : { sql: known, lists };
}

/** The rows that a statement writes to a manifest list; undefined of another one. */
export const listedRows = (sql: string): string | undefined =>
  /^copy \(\n([\s\S]*)\n\) to \$destination \(/.exec(sql)?.[1];
