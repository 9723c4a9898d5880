/** Splits the text of a type as DuckDB writes it. Pure. */

/** The parts between commas that are outside of parentheses and quotes. */
export function splitOutside(text: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let quote: string | undefined;
  let start = 0;
  for (let at = 0; at < text.length; at += 1) {
    const char = text[at] as string;
    // A doubled quote ends the name and begins it again.
    if (quote !== undefined) quote = char === quote ? undefined : quote;
    else if (char === '"' || char === "'") quote = char;
    else if (char === '(') depth += 1;
    else if (char === ')') depth -= 1;
    else if (char === ',' && depth === 0) {
      parts.push(text.slice(start, at).trim());
      start = at + 1;
    }
  }
  return [...parts, text.slice(start).trim()];
}

/** Changes each plain type of a type by itself, also inside structs, lists and maps. */
export function withLeaves(type: string, change: (leaf: string) => string): string {
  const [, element, size] = /^(.*?)\s*(\[\d*\])$/s.exec(type) ?? [];
  if (element !== undefined) return `${withLeaves(element, change)}${size}`;
  const [, name = '', inner] = /^(STRUCT|MAP)\s*\((.*)\)$/is.exec(type) ?? [];
  if (inner === undefined) return change(type);
  const parts = splitOutside(inner);
  if (/^map$/i.test(name)) return `MAP(${parts.map((part) => withLeaves(part, change)).join(', ')})`;
  const members = parts.map((part) => {
    const [, member, rest] = /^("(?:[^"]|"")*"|[^\s"(]+)\s+(.+)$/s.exec(part) ?? [];
    return rest === undefined ? part : `${member} ${withLeaves(rest, change)}`;
  });
  return `STRUCT(${members.join(', ')})`;
}
