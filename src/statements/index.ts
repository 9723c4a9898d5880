export * from './quote.ts';
export {
  type RowLineage,
  type Statement,
  manifestListFragment,
  manifestListStatement,
  parseStatement,
  renderStatement,
  statement,
} from './statements.ts';
export {
  type ManifestColumn,
  type PartitionColumn,
  fileKindFragment,
  inheritedEntryFragments,
  liveEntryFragments,
  manifestEntryFragments,
  manifestFormatFragment,
  newEntryFragments,
  partitionKeyFragment,
  tooLongFragment,
} from './manifest-entry.ts';
export {
  carriedColumnsFragment,
  fieldIdsFragment,
  fileColumnsFragment,
  fileLayoutFragment,
  noValuesFragment,
  partitionColumnName,
  ROW_LINEAGE_FIELDS,
  rowLineageColumnsFragment,
  writtenValues,
} from './data-files.ts';
export { type NestedType, fileSchemaFragment } from './file-columns.ts';
export { isLongKey, longValuesFragment } from './partition-keys.ts';
export {
  type PartitionValue,
  boundOrder,
  canSpell,
  partitionOrderFragment,
  partitionSummariesFragment,
  partitionTupleFragment,
} from './partition-values.ts';
