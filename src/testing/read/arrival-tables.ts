/**
 * Resolves how an arrival names what its rows land in: a table by its name, a folder of files by the alias
 * of its source, or by its glob. Name + processes -> TableIdentifier. Pure.
 */
import { parseTableName, type TableIdentifier, tableKey, tableName } from '../../model/names.ts';
import type { ProcessSpec, SourceSpec, TextPosition } from '../../model/process-spec.ts';
import type { ReportProblem } from '../../project/problems.ts';

type Processes = readonly Pick<ProcessSpec, 'sources'>[];

const isNamed = ({ files, alias, table }: SourceSpec, written: string): boolean =>
  files !== undefined && (alias.toLowerCase() === written.toLowerCase() || tableName(table) === written);

/** The folders that a name may mean, each once. */
const foldersNamed = (processes: Processes, written: string): TableIdentifier[] => [
  ...new Map(
    processes
      .flatMap(({ sources }) => sources)
      .filter((source) => isNamed(source, written))
      .map(({ table }) => [tableKey(table), table] as const),
  ).values(),
];

export const isFolder = (processes: Processes, written: string): boolean =>
  foldersNamed(processes, written).length > 0;

/** The name by which an arrival refers to a source. */
export const arrivalName = ({ files, alias, table }: SourceSpec): string =>
  files === undefined ? tableName(table) : alias;

/** The table, or the folder, of a name that was already checked. */
export const tableOfArrival = (processes: Processes, written: string): TableIdentifier =>
  foldersNamed(processes, written)[0] ?? parseTableName(written);

/** Reports what an arrival cannot say about a folder. `seen`: the tables and folders named before it. */
export function checkFolder(
  {
    specs,
    written,
    key,
    seen,
  }: {
    readonly specs: Processes;
    readonly written: string;
    readonly key: string;
    readonly seen: Set<string>;
  },
  place: TextPosition,
  { report }: { readonly report: ReportProblem },
): void {
  const folders = foldersNamed(specs, written);
  const [folder] = folders as [TableIdentifier];
  const name = tableName(folder);
  if (folders.length > 1)
    report(
      place,
      `${written} is the alias of several folders`,
      `name the folder: ${folders.map(tableName).join(' | ')}`,
    );
  if (seen.has(tableKey(folder))) report(place, `the files of ${name} are there twice`);
  seen.add(tableKey(folder));
  if (key === 'delete')
    report(
      place,
      `${written} is a folder of files (${name}), and no rows can be deleted from files`,
      'remove it: a file is read once, and what happens to it later takes no rows with it',
    );
  if (key === 'complete_to')
    report(
      place,
      `${written} is a folder of files (${name}), which is complete to the newest hour of its files`,
      'remove it',
    );
}
