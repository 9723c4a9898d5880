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
} from './manifest-entry.ts';
export {
  carriedColumnsFragment,
  fileColumnsFragment,
  fileLayoutFragment,
  noValuesFragment,
  partitionColumnName,
  ROW_LINEAGE_FIELDS,
  rowLineageColumnsFragment,
  writtenValues,
} from './data-files.ts';
export { type NestedType, fileSchemaFragment } from './file-columns.ts';
export {
  type PartitionValue,
  boundOrder,
  canSpell,
  partitionOrderFragment,
  partitionSummariesFragment,
  partitionTupleFragment,
} from './partition-values.ts';
export {
  type AvroRecord,
  contentFragment,
  dataFileColumns,
  hasEmptyPartition,
  movedDataFileFragment,
  sameAvroFragment,
  writableManifest,
} from './same-avro.ts';
