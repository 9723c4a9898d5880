/** `table-not-declared`: what a query reads beside its sources is in no plan, and pinned to nothing. */
import { byteOf, cteQueries, lowerText, type TreeNode, treeNodes } from '../../model/query-tree.ts';
import { type Found, perProcess, placeOfByte } from './rule.ts';

export const tablesDeclared = perProcess((process) => {
  const nodes = treeNodes(process.tree);
  const known = new Set([
    ...process.spec.sources.map(({ alias }) => alias.toLowerCase()),
    ...nodes.flatMap((node) => cteQueries(node).map(([name]) => name)),
    'previous',
  ]);
  return nodes.flatMap((node): Found[] => {
    const read = readBeside(node, known);
    if (read === undefined) return [];
    return [
      {
        code: 'table-not-declared',
        file: process.file,
        place: placeOfByte(process, byteOf(node)),
        message: `the query reads ${read}, which is no source of ${process.spec.processName}: what changes there changes nothing here`,
        hint: 'add it to the sources of the header, and read it by its alias',
      },
    ];
  });
});

/** Functions that read files or other databases. */
const READERS =
  /^(?:read_\w+|glob|sniff_csv|parquet_\w+|\w+_scan|query_table|query|duckdb_\w+|pragma_\w+|st_read\w*)$/;

function readBeside(node: TreeNode, known: ReadonlySet<string>): string | undefined {
  if (node['type'] === 'TABLE_FUNCTION') {
    const name = lowerText((node['function'] as TreeNode | undefined)?.['function_name']);
    return READERS.test(name) ? `${name}(…)` : undefined;
  }
  if (node['type'] !== 'BASE_TABLE') return undefined;
  const parts = [node['catalog_name'], node['schema_name'], node['table_name']].filter(
    (part): part is string => typeof part === 'string' && part !== '',
  );
  const name = parts.join('.');
  // A plain name that is not there is no table at all: that is said by the binding.
  const isPlain = parts.length === 1 && !/[./]/.test(name);
  return isPlain || (parts.length === 1 && known.has(name.toLowerCase())) ? undefined : name;
}
