/** Writes what relocating did, as text for people. RelocateReport -> text. Pure. */
import type { RelocatedTable, RelocateReport } from '../model/relocate-record.ts';
import { PLAIN, type Style } from './style.ts';
import { bytesText, indent, plural } from './text.ts';

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
  const { files } = report;
  const verb = files === undefined ? 'relocated' : 'copied';
  const done = report.dry_run ? `would be ${verb}` : style.good(verb);
  lines.push(
    `${plural(report.tables.length, 'table')} ${done} from ${report.from} to ${report.to}${report.dry_run ? '; nothing was changed' : ''}`,
  );
  if (files !== undefined) lines.push(...copyLines(files, report));
  return lines.join('\n');
}

/** Says what was copied, and what is left to do. */
function copyLines(
  { copied, already_there: there, bytes }: NonNullable<RelocateReport['files']>,
  { to, dry_run: dryRun }: RelocateReport,
): string[] {
  const earlier = there === 0 ? '' : `, ${there} of an earlier try held against the original`;
  const counted = `${plural(copied, 'data file')}${earlier}, ${bytesText(BigInt(bytes))} in all`;
  const isStore = to?.includes('://') === true;
  const pointers = isStore ? 'the state or database of its pointers' : 'its --database if you gave one';
  return dryRun
    ? [counted]
    : [
        `${counted}, each compared by its checksum`,
        `to work on the copy write "warehouse: ${to}" under catalog in psyberg.yaml, with ${pointers}`,
      ];
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
