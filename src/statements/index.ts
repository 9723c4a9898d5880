export * from './quote.ts';
export type { Instant } from './catalogue.ts';
export { type DeclaredParameter, type SqlType, typeName } from './header.ts';
export { type StatementFile, parseStatement, statementFile } from './statement-file.ts';
export {
  type ArgumentsOf,
  type FragmentsOf,
  type ListName,
  type ParametersOf,
  type RowLineage,
  type RunnableName,
  type StatementRow,
  type Statement,
  type StatementName,
  listStatement,
  manifestListFragment,
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
export { fromJson } from './json-values.ts';
export { nullsAgainstFragment, requiresInside } from './required-values.ts';
export { withoutColumnsQuery } from './user-query.ts';
export {
  carriedColumnsFragment,
  fieldIdsFragment,
  fileColumnsFragment,
  fileLayoutFragment,
  fileOrderFragment,
  noValuesFragment,
  partitionColumnName,
  ROW_LINEAGE_FIELDS,
  rowLineageColumnsFragment,
  writtenValues,
} from './data-files.ts';
export { type NestedType, duckdbTypeName, fileSchemaFragment } from './file-columns.ts';
export { typedRowsFragments } from './typed-rows.ts';
export { isLongKey, longValuesFragment } from './partition-keys.ts';
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
export {
  type TestColumn,
  cellFragment,
  eventHourFragment,
  inHourFragment,
  hourListFragment,
  instantFragment,
  shapedColumnsFragment,
  upToHourFragment,
  writtenCellFragment,
} from './test-rows.ts';
