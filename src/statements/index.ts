export * from './quote.ts';
export { type RowLineage, type Statement, manifestListFragment, manifestListStatement, parseStatement, renderStatement, statement } from './statements.ts';
export {
  type ManifestColumn,
  type PartitionColumn,
  fileKindFragment,
  inheritedEntryFragments,
  liveEntryFragments,
  manifestEntryFragments,
  manifestFormatFragment,
  newEntryFragments,
  partitionHourFragments,
  partitionKeyFragment,
} from './manifest-entry.ts';
export {
  carriedColumnsFragment,
  fileColumnsFragment,
  fileLayoutFragment,
  noValuesFragment,
  partitionColumnName,
  partitionSummariesFragment,
  partitionTupleFragment,
  ROW_LINEAGE_FIELDS,
  rowLineageColumnsFragment,
} from './data-files.ts';
export { type NestedType, fileSchemaFragment } from './file-columns.ts';
export { type PartitionValue, canSpell, partitionOrderFragment, specSummariesFragment, spelledTupleFragment } from './partition-values.ts';
