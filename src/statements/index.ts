export {
  inAnyOrderFragment,
  type KeptHours,
  keptHoursFragment,
  moreColumnsFragment,
  NEAR_PART,
  nearFragment,
  orderedByFragment,
  standInsFragment,
} from './compared-rows.ts';
export {
  type ColumnsLoosely,
  carriedColumnsFragment,
  comparedColumnsFragment,
  exactColumnsFragment,
  fieldIdsFragment,
  fileColumnsFragment,
  fileLayoutFragment,
  fileOrderFragment,
  noValuesFragment,
  partitionColumnName,
  ROW_LINEAGE_FIELDS,
  rowLineageColumnsFragment,
  sumsDifferFragment,
  writtenValues,
} from './data-files.ts';
export { duckdbColumns, duckdbTypeName, fileSchemaFragment, type NestedType } from './file-columns.ts';
export { type DeclaredParameter, type SqlType, sqlTypeOf, typeName } from './header.ts';
export { fromJson } from './json-values.ts';
export {
  fileKindFragment,
  hoursOfKnown,
  hoursOfManifests,
  inheritedEntryFragments,
  liveEntryFragments,
  type ManifestColumn,
  manifestEntryFragments,
  manifestFormatFragment,
  newEntryFragments,
  type PartitionColumn,
  partitionKeyFragment,
  type RewriteShape,
  tooLongFragment,
} from './manifest-entry.ts';
export { isLongKey, longValuesFragment } from './partition-keys.ts';
export {
  boundOrder,
  canSpell,
  type PartitionValue,
  partitionOrderFragment,
  partitionSummariesFragment,
  partitionTupleFragment,
} from './partition-values.ts';
export * from './quote.ts';
export {
  badRowStatement,
  checkCsvStatement,
  csvStatements,
  filesRelation,
  inferColumnsStatement,
  lineFragments,
  noFilesStatement,
  objectFieldsStatement,
  readFilesStatement,
  readFilesValues,
  timesInTextsStatement,
  widenedTypesStatement,
} from './read-files.ts';
export { nullsAgainstFragment, requiresInside } from './required-values.ts';
export { type RowsAsked, rowsAskedFragments } from './rows-asked.ts';
export {
  contentFragment,
  dataFileColumns,
  hasEmptyPartition,
  movedDataFileFragment,
  sameAvroFragment,
  writableManifest,
} from './same-avro.ts';
export {
  comparedOnSpark,
  type ReturnedColumn,
  sparkAsTypeFragment,
  sparkExactFragment,
  sparkReturnedFragment,
  sparkStoredType,
  sparkSumsFragments,
} from './spark-compared.ts';
export * from './spark-sql.ts';
export { parseStatement, type StatementFile, statementFile } from './statement-file.ts';
export {
  type ArgumentsOf,
  type FragmentsOf,
  keptStatement,
  listStatement,
  manifestListFragment,
  type ParametersOf,
  type RowLineage,
  renderStatement,
  type Statement,
  type StatementName,
  type StatementRow,
  statement,
} from './statements.ts';
export {
  beyondReachFragment,
  cellFragment,
  eventHourFragment,
  hourListFragment,
  inRangeFragment,
  inRangesFragment,
  instantFragment,
  shapedColumnsFragment,
  type TestColumn,
  upToHourFragment,
  writtenCellFragment,
} from './test-rows.ts';
export { nullsFragment, typedRowsFragments } from './typed-rows.ts';
export { withoutColumnsQuery } from './user-query.ts';
export { literalText, withVariables } from './variables.ts';
