/** `source-unused`: a source that nothing reads still holds its process back. */
import { tableName } from '../../model/names.ts';
import { lowerText, treeNodes } from '../../model/query-tree.ts';
import type { CheckedProcess, CheckedSource } from '../facts.ts';
import { perProcess } from './rule.ts';

export const sourcesUsed = perProcess((process) => {
  if (process.tree === undefined) return [];
  const read = new Set([
    ...process.reads.named,
    ...treeNodes(process.tree)
      .filter((node) => node['type'] === 'BASE_TABLE')
      .map((node) => lowerText(node['table_name'])),
  ]);
  return process.sources
    .filter(({ spec }) => !read.has(spec.alias.toLowerCase()) && !isAudited(process, spec))
    .map(({ spec, index }) => ({
      code: 'source-unused',
      file: process.file,
      place: process.draft.placeOf(['sources', index, 'table']),
      message: `the query does not read ${spec.alias}: ${tableName(spec.table)} ${effectOf(spec, process)} for nothing`,
      hint: 'remove it from the sources, or read it',
    }));
});

const effectOf = ({ lookup }: CheckedSource['spec'], { spec }: CheckedProcess): string =>
  lookup === undefined ? `holds ${spec.processName} back` : 'is a lookup';

/** An audit may count the source, or read it. */
const isAudited = ({ spec }: CheckedProcess, { alias }: CheckedSource['spec']): boolean =>
  spec.audits.some(
    (audit) =>
      ('source' in audit && lowerText(audit.source) === alias.toLowerCase()) ||
      audit.sql?.toLowerCase().includes(alias.toLowerCase()) === true,
  );
