export * from './quote.ts';
export { type Statement, manifestListFragment, manifestListStatement, parseStatement, renderStatement, statement } from './statements.ts';
export { type ManifestColumn, type PartitionColumn, manifestEntryFragments } from './manifest-entry.ts';
export { fileColumnsFragment, fileLayoutFragment, noValuesFragment, partitionColumnName, partitionSummariesFragment, partitionTupleFragment } from './data-files.ts';
export { type NestedType, fileSchemaFragment } from './file-columns.ts';
