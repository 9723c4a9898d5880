/** What relocating did, as text for people. RelocateReport -> text. Pure. */
import type { RelocatedTable, RelocateReport } from '../model/relocate-record.ts';
import { PLAIN, type Style } from './style.ts';
import { indent, plural } from './text.ts';

const MISSING_SHOWN = 3;

export function relocateText(report: RelocateReport, style: Style = PLAIN): string {
  if (report.from === null)
    return `nothing to relocate: every table names its files where they are, in ${report.warehouse}`;
  const lines = report.tables.flatMap((table) => tableLines(table, style));
  if (report.namespaces.length > 0)
    lines.push(
      `location of ${plural(report.namespaces.length, 'namespace')}: ${report.namespaces.join(', ')}`,
    );
  if (report.forgotten.length > 0)
    lines.push(
      style.warn(`no longer in this catalog, since the original has them: ${report.forgotten.join(', ')}`),
    );
  const done = report.dry_run ? 'would be relocated' : style.good('relocated');
  lines.push(
    `${plural(report.tables.length, 'table')} ${done} from ${report.from} to ${report.to}${report.dry_run ? '; nothing was changed' : ''}`,
  );
  return lines.join('\n');
}

function tableLines(table: RelocatedTable, style: Style): string[] {
  const files = [
    plural(table.manifest_lists, 'manifest list'),
    plural(table.manifests, 'manifest'),
    ...(table.delete_files === 0 ? [] : [plural(table.delete_files, 'delete file')]),
  ];
  const head = `${style.strong(table.table)}  ${table.kind === 'view' ? 'view' : files.join(', ')}`;
  if (table.missing.length === 0) return [head];
  const shown = table.missing.slice(0, MISSING_SHOWN);
  const more = table.missing.length - shown.length;
  return [
    head,
    indent(
      style.warn(
        `names ${plural(table.missing.length, 'file')} that ${table.missing.length === 1 ? 'is' : 'are'} nowhere: ${shown.join(', ')}${more > 0 ? `, and ${more} more (all of them with --json)` : ''}`,
      ),
      4,
    ),
  ];
}
