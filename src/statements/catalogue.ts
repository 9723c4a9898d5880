/**
 * What every file of `sql/` takes and returns, for the compiler: name -> parameters, fragments and row.
 * Printed from the headers by `npm run statements`; a test compares it.
 */

/** A moment in UTC: ISO 8601 text, milliseconds since 1970, or as a bigint microseconds since 1970. */
export type Instant = string | number | bigint;
type Nothing = Record<never, never>;
type AnyRow = Record<string, unknown>;

export interface Catalogue {
  'audit/accepted_values': {
    parameters: { values: readonly string[] };
    fragments: 'column' | 'staged';
    row: AnyRow;
  };
  'audit/count_sources': {
    parameters: {
      range_start?: Instant | undefined;
      range_end?: Instant | undefined;
      hours?: readonly (bigint | number)[] | undefined;
    };
    fragments: 'sources' | 'rows_read';
    row: { alias: string; path: string; rows: bigint; first_hour: bigint | null; last_hour: bigint | null };
  };
  'audit/count_staged': {
    parameters: {
      range_start?: Instant | undefined;
      range_end?: Instant | undefined;
      hours?: readonly (bigint | number)[] | undefined;
      psyberg_session_id?: string | undefined;
      process_name?: string | undefined;
      landed_at?: Instant | undefined;
      first_hour?: Instant | undefined;
      last_hour?: Instant | undefined;
    };
    fragments: 'staged' | 'rows_outside';
    row: { rows_staged: bigint; rows_outside: bigint };
  };
  'audit/expression': {
    parameters: Nothing;
    fragments: 'staged' | 'condition';
    row: AnyRow;
  };
  'audit/freshness': {
    parameters: { fresh_from: Instant };
    fragments: 'column' | 'staged' | 'target';
    row: AnyRow;
  };
  'audit/hours_of_rows': {
    parameters: {
      range_start?: Instant | undefined;
      range_end?: Instant | undefined;
      hours?: readonly (bigint | number)[] | undefined;
    };
    fragments: 'stored_event_time' | 'unit' | 'rows';
    row: { hour: bigint };
  };
  'audit/no_missing_events': {
    parameters: Nothing;
    fragments: 'sources' | 'key' | 'source' | 'staged' | 'target_key';
    row: AnyRow;
  };
  'audit/not_null': {
    parameters: Nothing;
    fragments: 'staged' | 'any_is_null';
    row: AnyRow;
  };
  'audit/outside_hours': {
    parameters: { hours: readonly (bigint | number)[] };
    fragments: 'staged' | 'event_time';
    row: { one: bigint };
  };
  'audit/outside_range': {
    parameters: { range_start: Instant; range_end: Instant };
    fragments: 'staged' | 'event_time';
    row: { one: bigint };
  };
  'audit/outside_restated': {
    parameters: {
      range_start: Instant;
      range_end: Instant;
      hours?: readonly (bigint | number)[] | undefined;
      psyberg_session_id?: string | undefined;
      process_name?: string | undefined;
      landed_at?: Instant | undefined;
      first_hour?: Instant | undefined;
      last_hour?: Instant | undefined;
    };
    fragments: 'sources' | 'query' | 'in_hours';
    row: { one: bigint };
  };
  'audit/project_query': {
    parameters: Nothing;
    fragments: 'sources' | 'query';
    row: AnyRow;
  };
  'audit/relationships': {
    parameters: Nothing;
    fragments: 'sources' | 'staged' | 'source' | 'to_column' | 'column';
    row: AnyRow;
  };
  'audit/row_count': {
    parameters: Nothing;
    fragments: 'staged';
    row: { actual: bigint };
  };
  'audit/rows_alone': {
    parameters: {
      compared_first: bigint | number;
      compared_last: bigint | number;
      psyberg_session_id?: string | undefined;
      process_name?: string | undefined;
      first_hour?: Instant | undefined;
      last_hour?: Instant | undefined;
      range_start?: Instant | undefined;
      range_end?: Instant | undefined;
    };
    fragments: 'columns' | 'no_values' | 'query' | 'stored_event_time' | 'unit' | 'staged' | 'what_differs';
    row: { rows_differing: bigint; values_differ: boolean };
  };
  'audit/rows_apart': {
    parameters: {
      psyberg_session_id?: string | undefined;
      process_name?: string | undefined;
      landed_at?: Instant | undefined;
      first_hour?: Instant | undefined;
      last_hour?: Instant | undefined;
      range_start?: Instant | undefined;
      range_end?: Instant | undefined;
    };
    fragments: 'samples' | 'columns' | 'no_values' | 'whole' | 'first_half' | 'second_half' | 'what_differs';
    row: { rows_differing: bigint; values_differ: boolean };
  };
  'audit/rows_by_file': {
    parameters: {
      previous_start?: Instant | undefined;
      range_start?: Instant | undefined;
      range_end?: Instant | undefined;
      hours?: readonly (bigint | number)[] | undefined;
    };
    fragments: 'alias' | 'rows';
    row: { alias: string; path: string; rows: bigint; first_hour: bigint | null; last_hour: bigint | null };
  };
  'audit/rows_of_files': {
    parameters: { first_hours: readonly (bigint | number)[]; last_hours: readonly (bigint | number)[] };
    fragments: 'stored_event_time' | 'unit' | 'files';
    row: { path: string; rows: bigint; rows_in_hours: bigint };
  };
  'audit/source_to_target_count': {
    parameters: {
      range_start?: Instant | undefined;
      range_end?: Instant | undefined;
      hours?: readonly (bigint | number)[] | undefined;
    };
    fragments: 'sources' | 'source' | 'staged';
    row: { expected: bigint; actual: bigint };
  };
  'audit/unique': {
    parameters: Nothing;
    fragments: 'columns' | 'staged' | 'none_is_null';
    row: AnyRow;
  };
  'audit/unique_over_target': {
    parameters: Nothing;
    fragments: 'columns' | 'staged' | 'none_is_null' | 'target' | 'within_keys';
    row: AnyRow;
  };
  'audit/verdict': {
    parameters: {
      kept_rows: bigint | number;
      psyberg_session_id?: string | undefined;
      process_name?: string | undefined;
      landed_at?: Instant | undefined;
      first_hour?: Instant | undefined;
      last_hour?: Instant | undefined;
      range_start?: Instant | undefined;
      range_end?: Instant | undefined;
      hours?: readonly (bigint | number)[] | undefined;
      values?: readonly string[] | undefined;
      fresh_from?: Instant | undefined;
    };
    fragments: 'audit';
    row: AnyRow;
  };
  'binding/make_columns': {
    parameters: Nothing;
    fragments: 'table' | 'columns';
    row: AnyRow;
  };
  'binding/process': {
    parameters: Nothing;
    fragments: 'sources' | 'query' | 'audits';
    row: AnyRow;
  };
  'binding/reading': {
    parameters: Nothing;
    fragments: 'sources' | 'columns' | 'query';
    row: AnyRow;
  };
  'changes/add_changed_keys': {
    parameters: {
      first_hours: readonly (bigint | number)[];
      last_hours: readonly (bigint | number)[];
      sign: bigint | number;
    };
    fragments: 'changed' | 'key' | 'stored_event_time' | 'unit' | 'row_hash' | 'second_hash' | 'rows';
    row: AnyRow;
  };
  'changes/add_lookup_keys': {
    parameters: { sign: bigint | number };
    fragments: 'changed' | 'key' | 'row_hash' | 'second_hash' | 'rows';
    row: AnyRow;
  };
  'changes/affected_files': {
    parameters: {
      manifest_list: string;
      manifests: readonly string[];
      paths: readonly string[];
      equality_sequence_number: bigint | number;
      newest: bigint | number;
      key_ids: readonly number[];
    };
    fragments: never;
    row: {
      manifest_path: string;
      path: string;
      partition: string | null;
      sequence_number: bigint;
      rows: bigint;
      null_keys: bigint | null;
    };
  };
  'changes/begin_changed_keys': {
    parameters: Nothing;
    fragments: 'changed' | 'key' | 'rows';
    row: AnyRow;
  };
  'changes/count_keys': {
    parameters: Nothing;
    fragments: 'keys';
    row: { keys: bigint };
  };
  'changes/deleted_hours': {
    parameters: { files: readonly string[]; unit: string };
    fragments: 'stored_event_time' | 'before' | 'after';
    row: { path: string; first_hour: number | null; last_hour: number | null; rows: bigint };
  };
  'changes/drop_keys': {
    parameters: Nothing;
    fragments: 'keys';
    row: AnyRow;
  };
  'changes/end_changed_keys': {
    parameters: Nothing;
    fragments: 'keys' | 'changed';
    row: AnyRow;
  };
  'changes/files_without_field': {
    parameters: { files: readonly string[]; field_id: number };
    fragments: never;
    row: { path: string };
  };
  'changes/files_without_ids': {
    parameters: { files: readonly string[] };
    fragments: never;
    row: { path: string };
  };
  'changes/hours_of_keys': {
    parameters: Nothing;
    fragments: 'key' | 'stored_event_time' | 'unit' | 'rows' | 'keys' | 'later' | 'earlier';
    row: { hour: bigint };
  };
  'changes/live_hours': {
    parameters: { unit: string };
    fragments: 'stored_event_time' | 'rows';
    row: { first_hour: number; last_hour: number };
  };
  'changes/live_paths_among': {
    parameters: { manifests: readonly string[]; paths: readonly string[] };
    fragments: never;
    row: { path: string };
  };
  'changes/live_rows_before': {
    parameters: { manifest_list: string; manifests: readonly string[]; sequence_number: bigint | number };
    fragments: never;
    row: { older_rows: bigint; own_rows: bigint; newer_files: readonly string[]; newer_deletes: boolean };
  };
  'changes/news_of_files': {
    parameters: { files: readonly string[] };
    fragments: 'row' | 'before' | 'after';
    row: { path: string; known_rows: bigint; new_rows: bigint };
  };
  'changes/null_keys': {
    parameters: { files: readonly string[] };
    fragments: 'file_columns' | 'column';
    row: { path: string };
  };
  'changes/rows_by_hour': {
    parameters: { files?: readonly string[] | undefined; unit: string };
    fragments: 'stored_event_time' | 'row' | 'rows';
    row: {
      first_hour: number | null;
      last_hour: number | null;
      row_count: bigint;
      row_hash: bigint;
      second_hash: bigint;
    };
  };
  'changes/scan_event_hours': {
    parameters: { files: readonly string[]; unit: string };
    fragments: 'stored_event_time' | 'options';
    row: { path: string; first_hour: number | null; last_hour: number | null; rows: bigint };
  };
  'changes/stored_otherwise': {
    parameters: { files: readonly string[]; field_id: number; stored_type: string };
    fragments: never;
    row: { path: string };
  };
  'changes/unmatched_columns': {
    parameters: {
      files: readonly string[];
      member_ids: readonly number[];
      member_names: readonly string[];
      partition_ids: readonly number[];
    };
    fragments: never;
    row: { unmatched: boolean };
  };
  'compare/attach_compared': {
    parameters: Nothing;
    fragments: never;
    row: AnyRow;
  };
  'compare/copy_by_hour': {
    parameters: Nothing;
    fragments: 'table' | 'hour' | 'rows';
    row: AnyRow;
  };
  'compare/copy_hours': {
    parameters: { hours: readonly (bigint | number)[]; with_none: boolean };
    fragments: 'table' | 'hour' | 'columns' | 'rows' | 'keep';
    row: AnyRow;
  };
  'compare/diff_hours': {
    parameters: Nothing;
    fragments: 'paired';
    row: { hour: bigint | null; added: bigint; removed: bigint; changed: bigint };
  };
  'compare/diff_sample': {
    parameters: { surplus: number; changed: boolean; kept_rows: bigint | number };
    fragments: 'columns' | 'paired' | 'order';
    row: AnyRow;
  };
  'compare/differences': {
    parameters: Nothing;
    fragments: 'differing';
    row: { hour: bigint | null; missing: bigint; extra: bigint };
  };
  'compare/differing': {
    parameters: Nothing;
    fragments: 'table' | 'columns' | 'found' | 'expected';
    row: AnyRow;
  };
  'compare/drop_compared': {
    parameters: Nothing;
    fragments: never;
    row: AnyRow;
  };
  'compare/files_of_source': {
    parameters: Nothing;
    fragments: 'relation';
    row: AnyRow;
  };
  'compare/hours': {
    parameters: Nothing;
    fragments: 'hour' | 'row' | 'columns' | 'expected' | 'keep' | 'found';
    row: { hour: bigint | null; rows_expected: bigint; rows_found: bigint; same: boolean };
  };
  'compare/hours_of_copy': {
    parameters: Nothing;
    fragments: 'table' | 'first' | 'last';
    row: AnyRow;
  };
  'compare/hours_of_sessions': {
    parameters: { process_name: string };
    fragments: 'session_table';
    row: { psyberg_session_id: string; first_hour: string; last_hour: string };
  };
  'compare/make_compared': {
    parameters: Nothing;
    fragments: never;
    row: AnyRow;
  };
  'compare/named_files_of_source': {
    parameters: Nothing;
    fragments: 'relation';
    row: AnyRow;
  };
  'compare/not_near': {
    parameters: Nothing;
    fragments: 'table' | 'others' | 'floats' | 'differing' | 'near';
    row: AnyRow;
  };
  'compare/paired': {
    parameters: Nothing;
    fragments: 'table' | 'key' | 'has_key' | 'differing';
    row: AnyRow;
  };
  'compare/rows_between': {
    parameters: Nothing;
    fragments: 'table' | 'columns' | 'after' | 'before';
    row: AnyRow;
  };
  'compare/sample': {
    parameters: { surplus: number; kept_rows: bigint | number };
    fragments: 'columns' | 'differing' | 'order';
    row: AnyRow;
  };
  'compare/stand_ins': {
    parameters: Nothing;
    fragments: 'columns' | 'rows';
    row: AnyRow;
  };
  'compare/unpaired': {
    parameters: Nothing;
    fragments: 'table' | 'differing';
    row: AnyRow;
  };
  'compile/begin_hours': {
    parameters: Nothing;
    fragments: 'hours' | 'target';
    row: AnyRow;
  };
  'compile/carried_rows': {
    parameters: { first_hours: readonly (bigint | number)[]; last_hours: readonly (bigint | number)[] };
    fragments: 'columns' | 'straddling' | 'stored_event_time' | 'unit';
    row: AnyRow;
  };
  'compile/column_types': {
    parameters: {
      psyberg_session_id?: string | undefined;
      process_name?: string | undefined;
      landed_at?: Instant | undefined;
      first_hour?: Instant | undefined;
      last_hour?: Instant | undefined;
      range_start?: Instant | undefined;
      range_end?: Instant | undefined;
      hours?: readonly (bigint | number)[] | undefined;
      previous_start?: Instant | undefined;
    };
    fragments: 'sources' | 'query';
    row: AnyRow;
  };
  'compile/compute_hour': {
    parameters: {
      psyberg_session_id?: string | undefined;
      process_name?: string | undefined;
      first_hour?: Instant | undefined;
      last_hour?: Instant | undefined;
      range_start?: Instant | undefined;
      range_end?: Instant | undefined;
      hours?: readonly (bigint | number)[] | undefined;
      previous_start?: Instant | undefined;
      computed_from?: Instant | undefined;
      computed_before?: boolean | undefined;
    };
    fragments: 'hours' | 'sources' | 'query';
    row: AnyRow;
  };
  'compile/computed_hours': {
    parameters: Nothing;
    fragments: 'hours';
    row: AnyRow;
  };
  'compile/create_target': {
    parameters: {
      psyberg_session_id?: string | undefined;
      process_name?: string | undefined;
      landed_at?: Instant | undefined;
      first_hour?: Instant | undefined;
      last_hour?: Instant | undefined;
      range_start?: Instant | undefined;
      range_end?: Instant | undefined;
      hours?: readonly (bigint | number)[] | undefined;
      previous_start?: Instant | undefined;
    };
    fragments: 'target' | 'partitioning' | 'properties' | 'sources' | 'query';
    row: AnyRow;
  };
  'compile/cut_to_hours': {
    parameters: {
      range_start?: Instant | undefined;
      range_end?: Instant | undefined;
      hours?: readonly (bigint | number)[] | undefined;
    };
    fragments: 'query' | 'in_hours';
    row: AnyRow;
  };
  'compile/describe_query': {
    parameters: {
      psyberg_session_id?: string | undefined;
      process_name?: string | undefined;
      landed_at?: Instant | undefined;
      first_hour?: Instant | undefined;
      last_hour?: Instant | undefined;
      range_start?: Instant | undefined;
      range_end?: Instant | undefined;
      hours?: readonly (bigint | number)[] | undefined;
      previous_start?: Instant | undefined;
    };
    fragments: 'sources' | 'query';
    row: AnyRow;
  };
  'compile/differing_hours': {
    parameters: { hours: readonly (bigint | number)[]; range_start: Instant; range_end: Instant };
    fragments: 'columns' | 'stored_event_time' | 'unit' | 'hours' | 'target' | 'event_time';
    row: { hour: bigint };
  };
  'compile/given_hours': {
    parameters: { hours: readonly (bigint | number)[] };
    fragments: never;
    row: AnyRow;
  };
  'compile/hour_is_unchanged': {
    parameters: { range_start: Instant; range_end: Instant };
    fragments: 'columns' | 'hours' | 'event_time' | 'target';
    row: { is_unchanged: boolean };
  };
  'compile/hours_around': {
    parameters: { hours: readonly (bigint | number)[] };
    fragments: 'before_hours' | 'after_hours';
    row: AnyRow;
  };
  'compile/previous_hour': {
    parameters: { previous_start: Instant; range_start: Instant };
    fragments: 'columns' | 'target' | 'event_time';
    row: AnyRow;
  };
  'compile/previous_of_either': {
    parameters: { computed_before: boolean };
    fragments: 'hours' | 'target';
    row: AnyRow;
  };
  'compile/read_ahead': {
    parameters: { range_start?: Instant | undefined; range_end?: Instant | undefined };
    fragments: 'ahead' | 'rows';
    row: AnyRow;
  };
  'compile/restated_hours': {
    parameters: { range_start: Instant; range_end: Instant; hours: readonly (bigint | number)[] };
    fragments: 'event_time';
    row: AnyRow;
  };
  'compile/restated_range': {
    parameters: { range_start: Instant; range_end: Instant };
    fragments: 'event_time';
    row: AnyRow;
  };
  'compile/session_query': {
    parameters: {
      psyberg_session_id?: string | undefined;
      process_name?: string | undefined;
      landed_at?: Instant | undefined;
      first_hour?: Instant | undefined;
      last_hour?: Instant | undefined;
      range_start?: Instant | undefined;
      range_end?: Instant | undefined;
      hours?: readonly (bigint | number)[] | undefined;
      previous_start?: Instant | undefined;
    };
    fragments: 'sources' | 'query';
    row: AnyRow;
  };
  'compile/source_changes': {
    parameters: Nothing;
    fragments: 'columns' | 'source';
    row: AnyRow;
  };
  'compile/source_files': {
    parameters: Nothing;
    fragments: 'columns' | 'relation';
    row: AnyRow;
  };
  'compile/source_hours': {
    parameters: { range_start: Instant; range_end: Instant; hours: readonly (bigint | number)[] };
    fragments:
      | 'columns'
      | 'source'
      | 'event_time'
      | 'range_start'
      | 'range_end'
      | 'stored_event_time'
      | 'unit'
      | 'hours';
    row: AnyRow;
  };
  'compile/source_range': {
    parameters: { range_start: Instant; range_end: Instant };
    fragments: 'columns' | 'source' | 'event_time' | 'range_start' | 'range_end';
    row: AnyRow;
  };
  'compile/within_hours': {
    parameters: { hours: readonly (bigint | number)[] };
    fragments: 'query' | 'event_time' | 'hours_around';
    row: AnyRow;
  };
  'compile/within_range': {
    parameters: { range_start: Instant; range_end: Instant };
    fragments: 'query' | 'event_time' | 'reach';
    row: AnyRow;
  };
  'compile/without_columns': {
    parameters: Nothing;
    fragments: 'columns' | 'query';
    row: AnyRow;
  };
  'compile/write_files': {
    parameters: {
      destination: string;
      psyberg_session_id?: string | undefined;
      process_name?: string | undefined;
      landed_at?: Instant | undefined;
      first_hour?: Instant | undefined;
      last_hour?: Instant | undefined;
      range_start?: Instant | undefined;
      range_end?: Instant | undefined;
      hours?: readonly (bigint | number)[] | undefined;
      first_hours?: readonly (bigint | number)[] | undefined;
      last_hours?: readonly (bigint | number)[] | undefined;
    };
    fragments:
      | 'sources'
      | 'columns'
      | 'no_values'
      | 'query'
      | 'order'
      | 'compression'
      | 'field_ids'
      | 'layout';
    row: {
      filename: string;
      count: bigint;
      file_size_bytes: bigint;
      footer_size_bytes: bigint;
      column_statistics: Readonly<Record<string, Readonly<Record<string, string>>>>;
      partition_keys: Readonly<Record<string, string>> | null;
    };
  };
  'compile/write_first_files': {
    parameters: {
      destination: string;
      psyberg_session_id?: string | undefined;
      process_name?: string | undefined;
      landed_at?: Instant | undefined;
      first_hour?: Instant | undefined;
      last_hour?: Instant | undefined;
      range_start?: Instant | undefined;
      range_end?: Instant | undefined;
      hours?: readonly (bigint | number)[] | undefined;
      first_hours?: readonly (bigint | number)[] | undefined;
      last_hours?: readonly (bigint | number)[] | undefined;
    };
    fragments: 'sources' | 'query';
    row: AnyRow;
  };
  'engine/columns_of': {
    parameters: Nothing;
    fragments: 'table';
    row: AnyRow;
  };
  'engine/explain_query': {
    parameters: Nothing;
    fragments: 'query';
    row: AnyRow;
  };
  'engine/functions_named': {
    parameters: Nothing;
    fragments: 'names';
    row: {
      name: string;
      is_internal: boolean;
      kind: string;
      parameters: readonly string[];
      definition: string | null;
    };
  };
  'engine/make_schema': {
    parameters: Nothing;
    fragments: 'schema';
    row: AnyRow;
  };
  'engine/parse_queries': {
    parameters: Nothing;
    fragments: 'queries';
    row: { tree: string };
  };
  'engine/parse_query': {
    parameters: Nothing;
    fragments: 'query';
    row: { tree: string };
  };
  'engine/plan_query': {
    parameters: Nothing;
    fragments: 'query';
    row: { plan: string };
  };
  'engine/with_optimizers': {
    parameters: Nothing;
    fragments: never;
    row: AnyRow;
  };
  'engine/without_optimizers': {
    parameters: Nothing;
    fragments: never;
    row: AnyRow;
  };
  'fragments/all_of_rows': {
    parameters: Nothing;
    fragments: 'sample';
    row: AnyRow;
  };
  'fragments/bounds_of_known': {
    parameters: { entries: string };
    fragments: never;
    row: AnyRow;
  };
  'fragments/bounds_of_manifests': {
    parameters: { manifests: readonly string[]; number_ids: readonly number[] };
    fragments: never;
    row: AnyRow;
  };
  'fragments/file_and_hour': {
    parameters: Nothing;
    fragments: 'file' | 'stored_event_time' | 'unit';
    row: AnyRow;
  };
  'fragments/file_kind': {
    parameters: Nothing;
    fragments: never;
    row: AnyRow;
  };
  'fragments/file_of_row': {
    parameters: Nothing;
    fragments: 'file';
    row: AnyRow;
  };
  'fragments/first_row_ids': {
    parameters: { first_row_id: bigint | number };
    fragments: never;
    row: AnyRow;
  };
  'fragments/half_of_rows': {
    parameters: Nothing;
    fragments: 'sample' | 'half';
    row: AnyRow;
  };
  'fragments/hours_of_known': {
    parameters: { entries: string; unit: string; type: string };
    fragments: never;
    row: AnyRow;
  };
  'fragments/hours_of_manifests': {
    parameters: { manifests: readonly string[]; field_id: number; unit: string; type: string };
    fragments: never;
    row: AnyRow;
  };
  'fragments/in_any_order': {
    parameters: Nothing;
    fragments: 'columns' | 'rows';
    row: AnyRow;
  };
  'fragments/inherited_entries': {
    parameters: { manifests: readonly string[]; manifest_list: string };
    fragments: 'entry_columns' | 'file_key' | 'first_row_id';
    row: AnyRow;
  };
  'fragments/inherited_row_id': {
    parameters: Nothing;
    fragments: never;
    row: AnyRow;
  };
  'fragments/kept_summaries': {
    parameters: Nothing;
    fragments: never;
    row: AnyRow;
  };
  'fragments/listed_manifests': {
    parameters: { first_row_id?: bigint | number | undefined };
    fragments: 'row_lineage';
    row: AnyRow;
  };
  'fragments/manifest_format': {
    parameters: {
      schema: string;
      schema_id: number;
      partition_spec: string;
      partition_spec_id: number;
      format_version: number;
      content: string;
    };
    fragments: 'entry_field_ids';
    row: AnyRow;
  };
  'fragments/manifest_list_format': {
    parameters: Nothing;
    fragments: 'field_ids';
    row: AnyRow;
  };
  'fragments/manifest_row': {
    parameters: { snapshot_id: bigint | number; sequence_number: bigint | number };
    fragments: 'manifest' | 'spec_id' | 'content' | 'summaries';
    row: AnyRow;
  };
  'fragments/merged_summaries': {
    parameters: { integer_fields: readonly string[]; byte_fields: readonly string[] };
    fragments: never;
    row: AnyRow;
  };
  'fragments/moved_avro_format': {
    parameters: Nothing;
    fragments: 'root_name' | 'field_ids' | 'metadata';
    row: AnyRow;
  };
  'fragments/no_manifest_row': {
    parameters: Nothing;
    fragments: never;
    row: AnyRow;
  };
  'fragments/no_summaries': {
    parameters: Nothing;
    fragments: never;
    row: AnyRow;
  };
  'fragments/parent_manifests': {
    parameters: { parent: string };
    fragments: never;
    row: AnyRow;
  };
  'fragments/referenced_data_file': {
    parameters: Nothing;
    fragments: never;
    row: AnyRow;
  };
  'fragments/sampled_rows': {
    parameters: Nothing;
    fragments: 'sample' | 'rows';
    row: AnyRow;
  };
  'fragments/state_files': {
    parameters: { state_files: readonly string[] };
    fragments: 'nulls';
    row: AnyRow;
  };
  'fragments/stated_hours': {
    parameters: Nothing;
    fragments: never;
    row: AnyRow;
  };
  'fragments/stored_files': {
    parameters: { files: readonly string[] };
    fragments: 'file_columns';
    row: AnyRow;
  };
  'fragments/what_differs': {
    parameters: Nothing;
    fragments: 'exact_columns' | 'sums_differ';
    row: AnyRow;
  };
  'inspect/bytes_of_manifests': {
    parameters: { manifests: readonly string[] };
    fragments: never;
    row: { bytes: bigint };
  };
  'inspect/failing_audits': {
    parameters: { rows_max: bigint | number };
    fragments: 'failure_table';
    row: {
      process_name: string;
      psyberg_session_id: string;
      audit_name: string;
      severity: string;
      failing_rows: string | null;
      sample: readonly string[];
    };
  };
  'inspect/files_without_bounds': {
    parameters: { manifests: readonly string[]; field_id: number };
    fragments: never;
    row: { files: bigint; without_bounds: bigint; all_null: bigint };
  };
  'inspect/folder_files_of_session': {
    parameters: { process_name: string; psyberg_session_id: string; src_files: string };
    fragments: 'file_table';
    row: { path: string };
  };
  'inspect/kept_sql': {
    parameters: { fingerprints: readonly string[] };
    fragments: 'session_table';
    row: { fingerprint: string; sql: string };
  };
  'inspect/landed_files': {
    parameters: {
      manifests: readonly string[];
      field_id: number;
      unit: string;
      type: string;
      partition_position: number;
      partition_transform: string;
    };
    fragments: never;
    row: {
      manifest_path: string;
      snapshot_id: bigint | null;
      partition: string | null;
      first_hour: number | null;
      last_hour: number | null;
      files: bigint;
      rows: bigint;
      bytes: bigint;
      null_event_times: bigint;
      paths: readonly string[] | null;
    };
  };
  'inspect/last_sessions': {
    parameters: Nothing;
    fragments: 'session_table';
    row: { process_name: string; psyberg_session_id: string; status: string; created_at: string };
  };
  'inspect/manifests_and_rows': {
    parameters: { manifest_list: string; time_fields: readonly string[] };
    fragments: never;
    row: {
      manifest_path: string;
      partition_spec_id: number;
      content: number;
      rows: bigint | null;
      last_hour: bigint | null;
    };
  };
  'inspect/newest_stated_hour': {
    parameters: {
      manifests: readonly string[];
      field_id: number;
      unit: string;
      type: string;
      partition_position: number;
      partition_transform: string;
    };
    fragments: never;
    row: { newest_hour: number | null };
  };
  'inspect/rows_asked': {
    parameters: Nothing;
    fragments: 'file' | 'hour' | 'table' | 'condition' | 'row_limit';
    row: AnyRow;
  };
  'inspect/session_history': {
    parameters: { process_name: string | null; row_limit: bigint | number };
    fragments: 'session_table';
    row: { sessions: string; total: bigint };
  };
  'inspect/session_sources': {
    parameters: { per_process: bigint | number; text_max: bigint | number };
    fragments: 'session_table';
    row: {
      process_name: string;
      psyberg_session_id: string;
      src_table: string;
      partitions: bigint;
      processing_uris: string | null;
      first_hour: string | null;
      last_hour: string | null;
      source_snapshot_id: bigint | null;
      target_snapshot_id: bigint | null;
      hours_written: string | null;
      new_files: bigint | null;
    };
  };
  'inspect/signals': {
    parameters: { signal_name: string | null; row_limit: bigint | number };
    fragments: 'signal_table';
    row: {
      signal_name: string;
      process_name: string;
      hour: string;
      kind: string;
      psyberg_session_id: string;
      created_at: string;
      hours: string | null;
    };
  };
  'landing/add_lines': {
    parameters: { file: string; path: string };
    fragments: 'lines';
    row: AnyRow;
  };
  'landing/arrays': {
    parameters: Nothing;
    fragments: 'lines';
    row: { path: string };
  };
  'landing/bad_lines': {
    parameters: Nothing;
    fragments: 'bad' | 'lines' | 'misfit';
    row: AnyRow;
  };
  'landing/bad_rows': {
    parameters: { files: readonly string[]; folder: string; above: readonly string[] };
    fragments: 'bad' | 'options' | 'changes';
    row: AnyRow;
  };
  'landing/begin_lines': {
    parameters: Nothing;
    fragments: 'lines';
    row: AnyRow;
  };
  'landing/check_csv': {
    parameters: { file: string };
    fragments: 'options';
    row: { rows: bigint };
  };
  'landing/columns_read': {
    parameters: Nothing;
    fragments: 'relation';
    row: { column_name: string; column_type: string };
  };
  'landing/csv_head': {
    parameters: { file: string };
    fragments: never;
    row: { line: string };
  };
  'landing/drop_files': {
    parameters: Nothing;
    fragments: 'relation';
    row: AnyRow;
  };
  'landing/drop_reject_scans': {
    parameters: Nothing;
    fragments: never;
    row: AnyRow;
  };
  'landing/drop_rejects': {
    parameters: Nothing;
    fragments: never;
    row: AnyRow;
  };
  'landing/files_on_server': {
    parameters: { glob: string };
    fragments: never;
    row: { path: string; bytes: bigint; modified_us: bigint | null };
  };
  'landing/first_bad_line': {
    parameters: { file: string };
    fragments: 'misfit';
    row: { line: bigint; text: string; is_json: boolean };
  };
  'landing/first_bad_row': {
    parameters: { file: string };
    fragments: 'options' | 'misfit';
    row: { row_number: bigint };
  };
  'landing/good_lines': {
    parameters: Nothing;
    fragments: 'relation' | 'values' | 'lines' | 'misfit';
    row: AnyRow;
  };
  'landing/good_rows': {
    parameters: { files: readonly string[]; folder: string; above: readonly string[] };
    fragments: 'relation' | 'values' | 'options' | 'misfit';
    row: AnyRow;
  };
  'landing/hours_read': {
    parameters: { unit: string };
    fragments: 'stored_event_time' | 'relation';
    row: { path: string; first_hour: number | null; last_hour: number | null; rows: bigint };
  };
  'landing/inferred_columns': {
    parameters: { files: readonly string[] };
    fragments: 'reader' | 'options';
    row: { column_name: string; column_type: string };
  };
  'landing/known_files': {
    parameters: { process_name: string; session: bigint | number; others: readonly string[] };
    fragments: 'file_table';
    row: { known: bigint; undone: boolean; columns: string | null };
  };
  'landing/matching_files': {
    parameters: { glob: string };
    fragments: never;
    row: { paths: string | null };
  };
  'landing/new_files': {
    parameters: { files: string; process_name: string; session: bigint | number; others: readonly string[] };
    fragments: 'file_table';
    row: { path: string; read_bytes: bigint | null; read_by: string | null };
  };
  'landing/no_bad_rows': {
    parameters: Nothing;
    fragments: 'bad';
    row: AnyRow;
  };
  'landing/no_files': {
    parameters: Nothing;
    fragments: 'relation' | 'columns';
    row: AnyRow;
  };
  'landing/object_fields': {
    parameters: { files: readonly string[] };
    fragments: 'options';
    row: { field: string };
  };
  'landing/read_files': {
    parameters: { files: readonly string[]; folder: string; above: readonly string[] };
    fragments: 'relation' | 'values' | 'reader' | 'options' | 'only';
    row: AnyRow;
  };
  'landing/recorded_files': {
    parameters: { process_name: string; session: bigint | number; others: readonly string[] };
    fragments: 'file_table';
    row: {
      path: string;
      bytes: bigint;
      modified_us: bigint;
      etag: string | null;
      read_by: string;
      readings: bigint;
    };
  };
  'landing/reject_rows': {
    parameters: { files: readonly string[] };
    fragments: 'relation' | 'options';
    row: AnyRow;
  };
  'landing/rows_by_path': {
    parameters: Nothing;
    fragments: 'relation';
    row: { path: string; rows: bigint };
  };
  'landing/set_aside': {
    parameters: { limit: bigint | number };
    fragments: 'bad';
    row: { file: string; line: bigint | null; text: string; reason: string; found: bigint };
  };
  'landing/times_in_texts': {
    parameters: { files: readonly string[] };
    fragments: 'column' | 'reader' | 'options';
    row: { are_times: boolean };
  };
  'landing/widened_types': {
    parameters: Nothing;
    fragments: 'known' | 'found';
    row: { column_name: string; column_type: string };
  };
  'look/appended_target': {
    parameters: Nothing;
    fragments: 'target' | 'rows';
    row: AnyRow;
  };
  'look/begin_rows': {
    parameters: {
      psyberg_session_id?: string | undefined;
      process_name?: string | undefined;
      landed_at?: Instant | undefined;
      first_hour?: Instant | undefined;
      last_hour?: Instant | undefined;
      range_start?: Instant | undefined;
      range_end?: Instant | undefined;
      hours?: readonly (bigint | number)[] | undefined;
      previous_start?: Instant | undefined;
    };
    fragments: 'rows' | 'shape';
    row: AnyRow;
  };
  'look/computed_rows': {
    parameters: { row_limit: bigint | number };
    fragments: 'columns' | 'rows';
    row: AnyRow;
  };
  'look/empty_source': {
    parameters: Nothing;
    fragments: 'alias' | 'source';
    row: { alias: string };
  };
  'look/empty_sources': {
    parameters: {
      range_start?: Instant | undefined;
      range_end?: Instant | undefined;
      hours?: readonly (bigint | number)[] | undefined;
    };
    fragments: 'sources' | 'each';
    row: { alias: string };
  };
  'look/own_query': {
    parameters: {
      psyberg_session_id?: string | undefined;
      process_name?: string | undefined;
      landed_at?: Instant | undefined;
      first_hour?: Instant | undefined;
      last_hour?: Instant | undefined;
      range_start?: Instant | undefined;
      range_end?: Instant | undefined;
      hours?: readonly (bigint | number)[] | undefined;
      previous_start?: Instant | undefined;
      computed_from?: Instant | undefined;
    };
    fragments: 'sources' | 'query';
    row: AnyRow;
  };
  'look/previous_rows': {
    parameters: { computed_from: Instant };
    fragments: 'previous' | 'event_time' | 'rows';
    row: AnyRow;
  };
  'look/query_rows': {
    parameters: {
      row_limit: bigint | number;
      psyberg_session_id?: string | undefined;
      process_name?: string | undefined;
      landed_at?: Instant | undefined;
      first_hour?: Instant | undefined;
      last_hour?: Instant | undefined;
      range_start?: Instant | undefined;
      range_end?: Instant | undefined;
      hours?: readonly (bigint | number)[] | undefined;
    };
    fragments: 'query';
    row: AnyRow;
  };
  'look/source_rows': {
    parameters: {
      row_limit: bigint | number;
      range_start?: Instant | undefined;
      range_end?: Instant | undefined;
      hours?: readonly (bigint | number)[] | undefined;
    };
    fragments: 'sources' | 'source';
    row: AnyRow;
  };
  'look/target_shape': {
    parameters: Nothing;
    fragments: 'target';
    row: AnyRow;
  };
  'look/whole_target': {
    parameters: { range_start: Instant; range_end: Instant };
    fragments: 'target' | 'event_time' | 'rows';
    row: AnyRow;
  };
  'look/whole_target_beside_hours': {
    parameters: { hours: readonly (bigint | number)[] };
    fragments: 'target' | 'event_time' | 'rows';
    row: AnyRow;
  };
  'look/widened_shape': {
    parameters: Nothing;
    fragments: 'target' | 'query';
    row: AnyRow;
  };
  'macros/as_stored': {
    parameters: Nothing;
    fragments: never;
    row: AnyRow;
  };
  'macros/bounds_are_trusted': {
    parameters: Nothing;
    fragments: never;
    row: AnyRow;
  };
  'macros/bounds_in_another_unit': {
    parameters: Nothing;
    fragments: never;
    row: AnyRow;
  };
  'macros/calendar_hour': {
    parameters: Nothing;
    fragments: never;
    row: AnyRow;
  };
  'macros/event_hour': {
    parameters: Nothing;
    fragments: never;
    row: AnyRow;
  };
  'macros/hours_of_entries': {
    parameters: Nothing;
    fragments: 'stated_hours';
    row: AnyRow;
  };
  'macros/hours_of_files': {
    parameters: Nothing;
    fragments: 'stated_hours';
    row: AnyRow;
  };
  'macros/iceberg_bytes': {
    parameters: Nothing;
    fragments: never;
    row: AnyRow;
  };
  'macros/iceberg_integer': {
    parameters: Nothing;
    fragments: never;
    row: AnyRow;
  };
  'macros/ledger_path': {
    parameters: Nothing;
    fragments: never;
    row: AnyRow;
  };
  'macros/manifest_list': {
    parameters: Nothing;
    fragments: never;
    row: AnyRow;
  };
  'macros/moved_bounds': {
    parameters: Nothing;
    fragments: never;
    row: AnyRow;
  };
  'macros/moved_path': {
    parameters: Nothing;
    fragments: never;
    row: AnyRow;
  };
  'macros/partition_hour': {
    parameters: Nothing;
    fragments: never;
    row: AnyRow;
  };
  'macros/partition_key': {
    parameters: Nothing;
    fragments: never;
    row: AnyRow;
  };
  'macros/plain_path': {
    parameters: Nothing;
    fragments: never;
    row: AnyRow;
  };
  'macros/read_manifests': {
    parameters: Nothing;
    fragments: never;
    row: AnyRow;
  };
  'macros/stored_unit': {
    parameters: Nothing;
    fragments: never;
    row: AnyRow;
  };
  'macros/units_per_hour': {
    parameters: Nothing;
    fragments: never;
    row: AnyRow;
  };
  'maintain/begin_deletes': {
    parameters: Nothing;
    fragments: never;
    row: AnyRow;
  };
  'maintain/begin_files': {
    parameters: Nothing;
    fragments: never;
    row: AnyRow;
  };
  'maintain/begin_found': {
    parameters: Nothing;
    fragments: never;
    row: AnyRow;
  };
  'maintain/begin_reach': {
    parameters: Nothing;
    fragments: never;
    row: AnyRow;
  };
  'maintain/choose_groups': {
    parameters: {
      small_bytes: bigint | number;
      target_bytes: bigint | number;
      min_files: bigint | number;
      read_to: bigint | number | null;
    };
    fragments: never;
    row: AnyRow;
  };
  'maintain/count_groups': {
    parameters: { group_ids: readonly (bigint | number)[] };
    fragments: 'table';
    row: { group_id: bigint; rows: bigint };
  };
  'maintain/delete_keys': {
    parameters: Nothing;
    fragments: never;
    row: { file_key: string };
  };
  'maintain/drop_work_table': {
    parameters: Nothing;
    fragments: 'table';
    row: AnyRow;
  };
  'maintain/dropped_files': {
    parameters: { warehouse: string; folders: readonly string[]; before_ms: bigint | number };
    fragments: never;
    row: { folder: string; path: string; bytes: bigint; is_metadata: boolean };
  };
  'maintain/files_of_manifest': {
    parameters: { manifest: string };
    fragments: 'content';
    row: { path: string; format: string; content: number; is_live: boolean };
  };
  'maintain/find_files': {
    parameters: { pattern: string };
    fragments: never;
    row: AnyRow;
  };
  'maintain/group_files': {
    parameters: { group_ids: readonly (bigint | number)[] };
    fragments: never;
    row: { path: string; manifest_path: string; spec_id: number };
  };
  'maintain/groups': {
    parameters: Nothing;
    fragments: never;
    row: {
      group_id: bigint;
      spec_id: number;
      partition: string;
      files: bigint;
      rows: bigint;
      bytes: bigint;
      sequence_number: bigint;
      has_deletes: boolean;
    };
  };
  'maintain/list_deletes': {
    parameters: { manifests: readonly string[]; manifest_list: string; unpartitioned: boolean };
    fragments: 'live_entries';
    row: AnyRow;
  };
  'maintain/list_files': {
    parameters: { manifests: readonly string[]; manifest_list: string; spec_id: number };
    fragments: 'partition_key' | 'entry_columns';
    row: AnyRow;
  };
  'maintain/manifest_counts': {
    parameters: { manifest: string };
    fragments: never;
    row: { entries: bigint; rows: bigint };
  };
  'maintain/manifests_of_files': {
    parameters: { paths: readonly string[] };
    fragments: never;
    row: { manifest_path: string; partition_spec_id: number; content: number };
  };
  'maintain/manifests_of_list': {
    parameters: { manifest_list: string };
    fragments: never;
    row: { path: string };
  };
  'maintain/metadata_files_of_table': {
    parameters: { paths: readonly string[]; table_uuid: string };
    fragments: never;
    row: { path: string };
  };
  'maintain/missing_files': {
    parameters: { folder: string };
    fragments: never;
    row: { path: string };
  };
  'maintain/missing_of': {
    parameters: { paths: readonly string[] };
    fragments: never;
    row: { missing: bigint };
  };
  'maintain/old_metadata_files': {
    parameters: { pattern: string; known_files: readonly string[]; before_ms: bigint | number };
    fragments: never;
    row: { path: string; bytes: bigint };
  };
  'maintain/orphan_files': {
    parameters: { folder: string; before_ms: bigint | number };
    fragments: never;
    row: {
      path: string;
      bytes: bigint;
      kind:
        | 'data_files'
        | 'manifests'
        | 'manifest_lists'
        | 'metadata_files'
        | 'other_files'
        | 'delete_files'
        | 'unknown';
    };
  };
  'maintain/reach_files': {
    parameters: { manifests: readonly string[] };
    fragments: never;
    row: AnyRow;
  };
  'maintain/reach_manifests': {
    parameters: { manifest_lists: readonly string[] };
    fragments: never;
    row: AnyRow;
  };
  'maintain/reach_paths': {
    parameters: { paths: readonly string[] };
    fragments: never;
    row: AnyRow;
  };
  'maintain/sort_entries': {
    parameters: { manifests: readonly string[]; manifest_list: string };
    fragments: 'inherited' | 'data_file' | 'partition_order';
    row: AnyRow;
  };
  'maintain/table_metadata_files': {
    parameters: { paths: readonly string[] };
    fragments: never;
    row: { path: string; table_uuid: string };
  };
  'maintain/unreached_files': {
    parameters: { manifests: readonly string[] };
    fragments: never;
    row: { path: string; bytes: bigint };
  };
  'maintain/unreached_manifests': {
    parameters: { manifest_lists: readonly string[] };
    fragments: never;
    row: { manifest_path: string; partition_spec_id: number; content: number };
  };
  'maintain/watermarks': {
    parameters: Nothing;
    fragments: 'high_water_mark_table';
    row: {
      process_name: string;
      src_table: string;
      table_uuid: string;
      snapshot_id: string;
      target_table_uuid: string | null;
      psyberg_session_id: string | null;
    };
  };
  'maintain/write_group_files': {
    parameters: { destination: string };
    fragments: 'columns' | 'row_lineage' | 'table' | 'compression' | 'field_ids';
    row: {
      filename: string;
      count: bigint;
      file_size_bytes: bigint;
      footer_size_bytes: bigint;
      column_statistics: Readonly<Record<string, Readonly<Record<string, string>>>>;
      partition_keys: Readonly<Record<string, string>> | null;
    };
  };
  'maintain/write_moved_deletes': {
    parameters: { file: string; former: string; present: string; destination: string };
    fragments: never;
    row: { Count: bigint };
  };
  'maintain/write_moved_list': {
    parameters: {
      manifest_list: string;
      manifests: readonly string[];
      new_manifests: readonly string[];
      new_lengths: readonly (bigint | number)[];
      former: string;
      present: string;
      destination: string;
    };
    fragments: 'avro_format';
    row: { Count: bigint };
  };
  'maintain/write_moved_manifest': {
    parameters: {
      manifest: string;
      deletes: readonly string[];
      new_deletes: readonly string[];
      new_sizes: readonly (bigint | number)[];
      former: string;
      present: string;
      destination: string;
    };
    fragments: 'data_file' | 'avro_format';
    row: { Count: bigint };
  };
  'maintain/write_sorted_manifest': {
    parameters: {
      first: bigint | number;
      last: bigint | number;
      destination: string;
      schema: string;
      schema_id: number;
      partition_spec: string;
      partition_spec_id: number;
      format_version: number;
      content: string;
    };
    fragments: 'manifest_format';
    row: AnyRow;
  };
  'run/copy_to_parquet': {
    parameters: Nothing;
    fragments: 'query' | 'limit' | 'file';
    row: AnyRow;
  };
  'run/referenced_files': {
    parameters: { manifests: readonly string[]; files: readonly string[] };
    fragments: never;
    row: { path: string };
  };
  'run/show_tables': {
    parameters: { tables: readonly string[] };
    fragments: never;
    row: { name: string };
  };
  'session/holds_rows': {
    parameters: Nothing;
    fragments: 'table';
    row: { holds_rows: boolean };
  };
  'session/hours_after': {
    parameters: { after_hour: bigint | number };
    fragments: 'hour' | 'table';
    row: { hour: bigint };
  };
  'session/signalled_hour': {
    parameters: { signal_name: string; state_files?: readonly string[] | undefined };
    fragments: 'signal_table';
    row: { hour: number | null };
  };
  'session/signalled_hour_then': {
    parameters: {
      signal_name: string;
      committed_at_ms: bigint | number;
      psyberg_session_id: string | null;
      state_files?: readonly string[] | undefined;
    };
    fragments: 'signal_table';
    row: { hour: number | null };
  };
  'spark/accepted_values_on_spark': {
    parameters: { values: readonly string[] };
    fragments: 'staged' | 'column' | 'value';
    row: AnyRow;
  };
  'spark/any_row': {
    parameters: Nothing;
    fragments: 'query';
    row: { one: bigint };
  };
  'spark/as_json': {
    parameters: Nothing;
    fragments: 'query';
    row: { psyberg_row: string };
  };
  'spark/collect': {
    parameters: Nothing;
    fragments: 'rows' | 'query';
    row: AnyRow;
  };
  'spark/drop_hours_table': {
    parameters: Nothing;
    fragments: 'hours';
    row: AnyRow;
  };
  'spark/file_and_hour_on_spark': {
    parameters: Nothing;
    fragments: 'hour';
    row: AnyRow;
  };
  'spark/files_of_table': {
    parameters: Nothing;
    fragments: 'table';
    row: { files: bigint };
  };
  'spark/half_of_rows_on_spark': {
    parameters: Nothing;
    fragments: 'number';
    row: AnyRow;
  };
  'spark/hour_of_moment': {
    parameters: Nothing;
    fragments: 'instant';
    row: AnyRow;
  };
  'spark/hours_of_table': {
    parameters: Nothing;
    fragments: 'table' | 'near' | 'hour' | 'first' | 'last';
    row: AnyRow;
  };
  'spark/hours_on_spark': {
    parameters: { files: readonly string[] };
    fragments: 'hours';
    row: AnyRow;
  };
  'spark/hours_table': {
    parameters: Nothing;
    fragments: 'hours' | 'target';
    row: AnyRow;
  };
  'spark/judged_by_spark': {
    parameters: Nothing;
    fragments: 'condition';
    row: AnyRow;
  };
  'spark/lies_in_hours': {
    parameters: { hours: readonly (bigint | number)[] };
    fragments: 'event_time' | 'hour';
    row: AnyRow;
  };
  'spark/lies_in_range': {
    parameters: { range_start: Instant; range_end: Instant };
    fragments: 'event_time';
    row: AnyRow;
  };
  'spark/near_bounds': {
    parameters: { range_start: Instant; range_end: Instant };
    fragments: 'event_time' | 'from' | 'to';
    row: AnyRow;
  };
  'spark/near_hours': {
    parameters: { hours: readonly (bigint | number)[] };
    fragments: 'event_time' | 'reach_hours' | 'hour';
    row: AnyRow;
  };
  'spark/near_range': {
    parameters: { range_start: Instant; range_end: Instant };
    fragments: 'event_time' | 'reach';
    row: AnyRow;
  };
  'spark/outside': {
    parameters: {
      range_start?: Instant | undefined;
      range_end?: Instant | undefined;
      hours?: readonly (bigint | number)[] | undefined;
    };
    fragments: 'staged' | 'event_time' | 'is_inside';
    row: { one: bigint };
  };
  'spark/previous_of_either_on_spark': {
    parameters: { computed_before: boolean };
    fragments: 'collected' | 'target';
    row: AnyRow;
  };
  'spark/rows_alone_on_spark': {
    parameters: { range_start: Instant; range_end: Instant };
    fragments: 'columns' | 'query' | 'is_compared' | 'staged_columns' | 'staged' | 'near' | 'what_differs';
    row: { rows_differing: bigint; values_differ: boolean };
  };
  'spark/rows_apart_on_spark': {
    parameters: Nothing;
    fragments: 'columns' | 'whole' | 'first_half' | 'second_half' | 'what_differs';
    row: { rows_differing: bigint; values_differ: boolean };
  };
  'spark/rows_between_on_spark': {
    parameters: Nothing;
    fragments: 'columns' | 'after' | 'before';
    row: AnyRow;
  };
  'spark/rows_of_one_file': {
    parameters: Nothing;
    fragments: 'alias' | 'rows';
    row: {
      alias: string;
      path: string | null;
      rows: bigint;
      first_hour: bigint | null;
      last_hour: bigint | null;
    };
  };
  'spark/sampled_rows_on_spark': {
    parameters: Nothing;
    fragments: 'source' | 'rows_of_each' | 'half';
    row: AnyRow;
  };
  'spark/source_hours_on_spark': {
    parameters: { range_start: Instant; range_end: Instant; hours: readonly (bigint | number)[] };
    fragments:
      | 'columns'
      | 'source'
      | 'event_time'
      | 'range_start'
      | 'range_end'
      | 'hour'
      | 'before_hours'
      | 'after_hours';
    row: AnyRow;
  };
  'spark/temporary_view': {
    parameters: Nothing;
    fragments: 'name' | 'query';
    row: AnyRow;
  };
  'spark/unique_over_target_on_spark': {
    parameters: Nothing;
    fragments: 'columns' | 'staged' | 'none_is_null' | 'target';
    row: AnyRow;
  };
  'spark/versions': {
    parameters: Nothing;
    fragments: 'function';
    row: { spark: string; iceberg: string; time_zone: string; ansi: string };
  };
  'spark/what_differs_on_spark': {
    parameters: Nothing;
    fragments: 'sums_differ' | 'sums' | 'exact_columns';
    row: AnyRow;
  };
  'spark/whole_query': {
    parameters: Nothing;
    fragments: 'sources' | 'columns' | 'query' | 'keep';
    row: AnyRow;
  };
  'spark/whole_target_on_spark': {
    parameters: {
      range_start?: Instant | undefined;
      range_end?: Instant | undefined;
      hours?: readonly (bigint | number)[] | undefined;
    };
    fragments: 'target_columns' | 'target' | 'is_inside' | 'row_columns' | 'rows';
    row: AnyRow;
  };
  'spark/within': {
    parameters: {
      range_start?: Instant | undefined;
      range_end?: Instant | undefined;
      hours?: readonly (bigint | number)[] | undefined;
    };
    fragments: 'query' | 'is_near' | 'is_inside';
    row: AnyRow;
  };
  'spark/without_columns_on_spark': {
    parameters: Nothing;
    fragments: 'columns' | 'query';
    row: AnyRow;
  };
  'spark/without_rows': {
    parameters: Nothing;
    fragments: 'query';
    row: AnyRow;
  };
  'state/count_rows': {
    parameters: { process_name: string };
    fragments: 'table';
    row: { rows: bigint };
  };
  'state/files_of_session': {
    parameters: { state_files: readonly string[]; psyberg_session_id: string };
    fragments: never;
    row: { path: string; holds_others: boolean };
  };
  'state/kept_failures': {
    parameters: { process_name: string; psyberg_session_id: string; replaced_files: readonly string[] };
    fragments: 'table';
    row: AnyRow;
  };
  'state/kept_files': {
    parameters: {
      process_name: string;
      psyberg_session_id: string;
      replaced_files: readonly string[];
      session: bigint | number;
    };
    fragments: 'table';
    row: AnyRow;
  };
  'state/kept_rows': {
    parameters: { process_name: string; psyberg_session_id: string; replaced_files: readonly string[] };
    fragments: 'table';
    row: AnyRow;
  };
  'state/kept_sessions': {
    parameters: { process_name: string; psyberg_session_id: string; replaced_files: readonly string[] };
    fragments: 'table';
    row: AnyRow;
  };
  'state/published_names': {
    parameters: Nothing;
    fragments: 'session_table';
    row: { name: string };
  };
  'state/published_sessions': {
    parameters: { process_name: string; session_ids: readonly string[] };
    fragments: 'session_table';
    row: { psyberg_session_id: string };
  };
  'state/rows': {
    parameters: { rows: string };
    fragments: 'columns' | 'shape';
    row: AnyRow;
  };
  'state/session_of_process': {
    parameters: { process_name: string; psyberg_session_id: string };
    fragments: 'session_table';
    row: {
      status: string;
      target_snapshot_id: bigint | null;
      rows_read: bigint | null;
      rows_written: bigint | null;
      error: string | null;
      plan: string | null;
    };
  };
  'state/sessions_of_target': {
    parameters: { target_table: string; process_names: readonly string[] | null };
    fragments: 'session_table';
    row: {
      process_name: string;
      psyberg_session_id: string;
      pattern: string;
      status: string;
      src_table: string;
      source_snapshot_id: bigint | null;
      first_hour: string | null;
      last_hour: string | null;
      target_snapshot_id: bigint | null;
      created_at: string;
      sql_fingerprint: string | null;
      hours_written: string | null;
      audits: string | null;
      trigger: string | null;
    };
  };
  'state/snapshots_read': {
    parameters: { process_names: readonly string[]; src_table: string };
    fragments: 'session_table';
    row: { snapshot_id: bigint };
  };
  'state/tables_of_process': {
    parameters: { process_name: string };
    fragments: 'session_table';
    row: { table: string };
  };
  'state/watermarks_of_process': {
    parameters: { process_name: string; state_files?: readonly string[] | undefined };
    fragments: 'high_water_mark_table';
    row: {
      table: string;
      table_uuid: string;
      snapshot_id: string;
      sequence_number: string;
      committed_at: string;
      owed: string | null;
      newest_hour: string | null;
      total_records: string | null;
      target_table_uuid: string | null;
      complete_to_hour: string | null;
      psyberg_session_id: string | null;
    };
  };
  'state/write_file': {
    parameters: {
      destination: string;
      rows: string;
      process_name?: string | undefined;
      psyberg_session_id?: string | undefined;
      replaced_files?: readonly string[] | undefined;
      session?: bigint | number | undefined;
    };
    fragments: 'rows' | 'kept' | 'field_ids';
    row: {
      filename: string;
      count: bigint;
      file_size_bytes: bigint;
      footer_size_bytes: bigint;
      column_statistics: Readonly<Record<string, Readonly<Record<string, string>>>>;
      partition_keys: Readonly<Record<string, string>> | null;
    };
  };
  'tables/added_rows': {
    parameters: { manifest_list: string; snapshot_id: bigint | number };
    fragments: never;
    row: { rows: bigint };
  };
  'tables/before_1970': {
    parameters: { manifests: readonly string[]; partition_position: number; partition_transform: string };
    fragments: never;
    row: { manifest_path: string };
  };
  'tables/changed_counts': {
    parameters: { manifests: readonly string[] };
    fragments: 'file_kind' | 'partition_key';
    row: {
      status: number;
      kind: 'data' | 'position-deletes' | 'deletion-vectors' | 'equality-deletes';
      files: bigint;
      rows: bigint;
      bytes: bigint;
      partitions: readonly string[];
    };
  };
  'tables/cut_texts': {
    parameters: { manifests: readonly string[]; text_fields: readonly number[] };
    fragments: 'too_long';
    row: { filename: string };
  };
  'tables/data_file_columns': {
    parameters: { manifest: string };
    fragments: never;
    row: AnyRow;
  };
  'tables/data_files': {
    parameters: {
      manifests?: readonly string[] | undefined;
      entries?: string | undefined;
      field_id?: number | undefined;
      unit: string;
      type: string;
      statuses: readonly number[];
    };
    fragments: 'files';
    row: {
      manifest_path: string;
      path: string;
      file_format: string;
      status: number;
      snapshot_id: bigint | null;
      rows: bigint;
      bytes: bigint;
      partition: string | null;
      first_hour: number | null;
      last_hour: number | null;
      in_another_unit: boolean;
      null_event_times: bigint | null;
    };
  };
  'tables/delete_files': {
    parameters: { manifest: string; snapshot_id: bigint | number; sequence_number: bigint | number };
    fragments: 'referenced_data_file';
    row: {
      path: string;
      content: number;
      format: string;
      status: number;
      snapshot_id: bigint;
      sequence_number: bigint;
      partition: string | null;
      rows: bigint;
      bytes: bigint;
      content_offset: string | null;
      data_file: string | null;
      equality_ids: string | null;
    };
  };
  'tables/deleted_paths': {
    parameters: { files: readonly string[] };
    fragments: never;
    row: { path: string; data_file: string };
  };
  'tables/files_in_hours': {
    parameters: {
      manifests?: readonly string[] | undefined;
      entries?: string | undefined;
      field_id?: number | undefined;
      unit: string;
      type: string;
      partition_position: number;
      partition_transform: string;
      first_hours: readonly number[];
      last_hours: readonly number[];
    };
    fragments: 'files';
    row: {
      manifest_path: string;
      path: string;
      rows: bigint;
      bytes: bigint;
      first_hour: bigint | null;
      last_hour: bigint | null;
      placement: 'inside' | 'straddles';
      holds_none: boolean;
    };
  };
  'tables/keys_elsewhere': {
    parameters: {
      delete_paths: readonly string[];
      delete_places: readonly string[];
      delete_numbers: readonly (bigint | number)[];
      data_paths: readonly string[];
      data_places: readonly string[];
      data_numbers: readonly (bigint | number)[];
    };
    fragments: 'keys' | 'numbers' | 'file_columns';
    row: { path: string };
  };
  'tables/keys_in_folders': {
    parameters: { files: readonly string[]; field_id: number };
    fragments: 'key' | 'file_columns';
    row: { path: string };
  };
  'tables/list_totals': {
    parameters: { manifest_list: string; snapshot_id: bigint | number; first_row_id: bigint | number | null };
    fragments: never;
    row: {
      manifest_path: string | null;
      partition_spec_id: number | null;
      content: number | null;
      is_changed: boolean;
      files: bigint;
      rows: bigint;
      assigned_rows: bigint;
    };
  };
  'tables/listed_files': {
    parameters: { manifests: readonly string[] };
    fragments: never;
    row: { manifest_path: string; path: string; rows: bigint };
  };
  'tables/live_deletes': {
    parameters: { manifest: string };
    fragments: 'file_kind';
    row: {
      kind: 'data' | 'position-deletes' | 'deletion-vectors' | 'equality-deletes';
      files: bigint;
      rows: bigint;
    };
  };
  'tables/live_entries': {
    parameters: { manifests: readonly string[]; manifest_list: string };
    fragments: 'partition_key' | 'kind' | 'referenced_data_file' | 'entry_columns' | 'file_key';
    row: {
      manifest_path: string;
      file_key: string;
      path: string;
      format: string;
      partition_key: string;
      kind: 'data' | 'position-deletes' | 'deletion-vectors' | 'equality-deletes';
      referenced_data_file: string | null;
      sequence_number: bigint;
    };
  };
  'tables/long_partition_values': {
    parameters: { files: readonly string[] };
    fragments: 'values';
    row: { filename: string; partition: readonly string[] };
  };
  'tables/manifest_paths': {
    parameters: { manifest_lists: readonly string[] };
    fragments: never;
    row: { manifest_path: string };
  };
  'tables/manifests_outside_hours': {
    parameters: {
      manifest_list: string;
      time_fields: readonly string[];
      first_hours: readonly (bigint | number)[];
      last_hours: readonly (bigint | number)[];
    };
    fragments: never;
    row: { manifest_path: string };
  };
  'tables/mend_manifest': {
    parameters: {
      manifest: string;
      destination: string;
      schema: string;
      schema_id: number;
      partition_spec: string;
      partition_spec_id: number;
      format_version: number;
      content: string;
    };
    fragments: 'entry_columns' | 'data_file' | 'manifest_format';
    row: AnyRow;
  };
  'tables/misleading_bounds': {
    parameters: {
      manifests?: readonly string[] | undefined;
      entries?: string | undefined;
      text_ids: readonly number[];
      byte_ids: readonly number[];
      number_ids: readonly number[];
      double_ids: readonly number[];
    };
    fragments: 'entries';
    row: { field_id: number };
  };
  'tables/misleading_manifests': {
    parameters: {
      manifests?: readonly string[] | undefined;
      entries?: string | undefined;
      field_id?: number | undefined;
      unit: string;
      type: string;
      partition_position: number;
      partition_transform: string;
    };
    fragments: 'files';
    row: { manifest_path: string };
  };
  'tables/number_manifest': {
    parameters: {
      manifest: string;
      numbers: string;
      destination: string;
      schema: string;
      schema_id: number;
      partition_spec: string;
      partition_spec_id: number;
      format_version: number;
      content: string;
    };
    fragments: 'data_file' | 'manifest_format';
    row: AnyRow;
  };
  'tables/obsolete_deletes': {
    parameters: { data_files: string; delete_files: string; removed_files: readonly string[] };
    fragments: never;
    row: { manifest_path: string; file_key: string };
  };
  'tables/open_avro': {
    parameters: { file: string };
    fragments: never;
    row: { entries: bigint };
  };
  'tables/open_stored': {
    parameters: { stored: readonly string[] };
    fragments: never;
    row: { entries: bigint };
  };
  'tables/partition_summaries': {
    parameters: { manifest_list: string; fields: readonly string[] };
    fragments: never;
    row: {
      manifest_path: string;
      content: number;
      spec_id: number;
      position: number;
      is_before_1970: boolean | null;
      has_nan: boolean | null;
    };
  };
  'tables/read_bytes': {
    parameters: { path: string };
    fragments: never;
    row: { content: string };
  };
  'tables/repack_avro': {
    parameters: { path: string; destination: string };
    fragments: 'avro_format';
    row: AnyRow;
  };
  'tables/rewrite_manifest': {
    parameters: {
      manifests: readonly string[];
      manifest_list: string;
      removed_files: readonly string[];
      kept_files: readonly string[];
      destination: string;
      schema: string;
      schema_id: number;
      partition_spec: string;
      partition_spec_id: number;
      format_version: number;
      content: string;
    };
    fragments: 'inherited' | 'data_file' | 'manifest_format';
    row: AnyRow;
  };
  'tables/stored_manifests': {
    parameters: { stored: readonly string[] };
    fragments: never;
    row: { manifest_path: string };
  };
  'tables/take_over_entries': {
    parameters: {
      manifests: readonly string[];
      destination: string;
      schema: string;
      schema_id: number;
      partition_spec: string;
      partition_spec_id: number;
      format_version: number;
      content: string;
    };
    fragments: 'data_file' | 'manifest_format';
    row: AnyRow;
  };
  'tables/write_bytes': {
    parameters: { content: string; destination: string };
    fragments: never;
    row: AnyRow;
  };
  'tables/write_change_list': {
    parameters: {
      manifest_lists: readonly string[];
      snapshot_ids: readonly (bigint | number)[];
      contents: readonly number[];
      destination: string;
    };
    fragments: 'manifest_list_format';
    row: { Count: bigint };
  };
  'tables/write_cleared_list': {
    parameters: {
      manifest_list: string;
      affected_manifests: readonly string[];
      integer_fields?: readonly string[] | undefined;
      byte_fields?: readonly string[] | undefined;
      snapshot_id: bigint | number;
      sequence_number: bigint | number;
      first_row_id?: bigint | number | undefined;
      destination: string;
    };
    fragments: 'summaries' | 'rewritten' | 'listed' | 'manifest_list_format';
    row: { Count: bigint };
  };
  'tables/write_empty_list': {
    parameters: { first_row_id?: bigint | number | undefined; destination: string };
    fragments: 'no_manifest_row' | 'listed' | 'manifest_list_format';
    row: { Count: bigint };
  };
  'tables/write_file_manifest': {
    parameters: {
      files: string;
      sort_order_id: number | null;
      destination: string;
      schema: string;
      schema_id: number;
      partition_spec: string;
      partition_spec_id: number;
      format_version: number;
      content: string;
    };
    fragments: 'partition' | 'data_file' | 'manifest_format';
    row: AnyRow;
  };
  'tables/write_files_list': {
    parameters: {
      manifest_list: string;
      with_deletes: boolean;
      snapshot_id: bigint | number;
      sequence_number: bigint | number;
      destination: string;
    };
    fragments: 'rewritten' | 'listed' | 'manifest_list_format';
    row: { Count: bigint };
  };
  'tables/write_inserts_list': {
    parameters: {
      manifest_list: string;
      insert_snapshot_ids: readonly (bigint | number)[];
      destination: string;
    };
    fragments: 'listed' | 'manifest_list_format';
    row: { Count: bigint };
  };
  'tables/write_manifest_list': {
    parameters: {
      carried_list: string;
      staged_list: string;
      staging_snapshot_ids: readonly (bigint | number)[];
      snapshot_id: bigint | number;
      sequence_number: bigint | number;
      first_row_id?: bigint | number | undefined;
      destination: string;
    };
    fragments: 'listed' | 'manifest_list_format';
    row: { Count: bigint };
  };
  'tables/write_mended_list': {
    parameters: {
      manifest_list: string;
      mended: readonly string[];
      copies: readonly string[];
      destination: string;
    };
    fragments: 'listed' | 'manifest_list_format';
    row: { Count: bigint };
  };
  'tables/write_readable_list': {
    parameters: {
      manifest_list: string;
      replaced: readonly string[];
      unsummarised: readonly number[];
      snapshot_id?: bigint | number | undefined;
      sequence_number?: bigint | number | undefined;
      destination: string;
    };
    fragments: 'rewritten' | 'listed' | 'manifest_list_format';
    row: { Count: bigint };
  };
  'tables/write_replaced_list': {
    parameters: {
      manifest_list: string;
      replaced_manifests: readonly string[];
      snapshot_id: bigint | number;
      sequence_number: bigint | number;
      first_row_id?: bigint | number | undefined;
      destination: string;
    };
    fragments: 'new_manifests' | 'listed' | 'manifest_list_format';
    row: { Count: bigint };
  };
  'tables/write_staged_list': {
    parameters: {
      manifest: string;
      partition_spec_id: number;
      snapshot_id: bigint | number;
      sequence_number: bigint | number;
      first_row_id?: bigint | number | undefined;
      destination: string;
      parent?: string | undefined;
    };
    fragments: 'parent' | 'summaries' | 'listed' | 'manifest_list_format';
    row: { Count: bigint };
  };
  'tables/written_counts': {
    parameters: { manifests: readonly string[]; field_id: number; unit: string; type: string };
    fragments: never;
    row: {
      path: string;
      rows: bigint;
      first_hour: number | null;
      last_hour: number | null;
      null_event_times: bigint | null;
      fields_without_null: readonly number[];
    };
  };
  'tables/zero_keys': {
    parameters: { files: readonly string[] };
    fragments: 'file_columns' | 'numbers';
    row: { path: string };
  };
  'test/all_rows': {
    parameters: Nothing;
    fragments: 'table';
    row: AnyRow;
  };
  'test/attach_memory': {
    parameters: Nothing;
    fragments: never;
    row: AnyRow;
  };
  'test/cell_fits': {
    parameters: { rows: string };
    fragments: 'written' | 'cast';
    row: { fits: boolean };
  };
  'test/changed_hours': {
    parameters: Nothing;
    fragments: 'hour' | 'table';
    row: { hour: bigint };
  };
  'test/columns': {
    parameters: Nothing;
    fragments: 'from';
    row: AnyRow;
  };
  'test/create_from': {
    parameters: Nothing;
    fragments: 'table' | 'query';
    row: AnyRow;
  };
  'test/delete': {
    parameters: Nothing;
    fragments: 'table' | 'condition';
    row: AnyRow;
  };
  'test/deleted_rows': {
    parameters: Nothing;
    fragments: 'table' | 'condition';
    row: AnyRow;
  };
  'test/drop_rows': {
    parameters: Nothing;
    fragments: never;
    row: AnyRow;
  };
  'test/event_hours': {
    parameters: Nothing;
    fragments: 'hour' | 'table';
    row: { hour: bigint };
  };
  'test/fingerprint': {
    parameters: Nothing;
    fragments: 'table';
    row: { fingerprint: string };
  };
  'test/hours_with_keys': {
    parameters: Nothing;
    fragments: 'keys' | 'rows' | 'later' | 'earlier';
    row: { hour: bigint; keys: bigint };
  };
  'test/in_hours': {
    parameters: Nothing;
    fragments: 'table' | 'hours' | 'hour';
    row: AnyRow;
  };
  'test/insert_cells': {
    parameters: { rows: string };
    fragments: 'table' | 'columns' | 'cells';
    row: AnyRow;
  };
  'test/insert_query': {
    parameters: Nothing;
    fragments: 'table' | 'query';
    row: AnyRow;
  };
  'test/keys_of_rows': {
    parameters: Nothing;
    fragments: 'key' | 'hour' | 'table';
    row: AnyRow;
  };
  'test/land': {
    parameters: Nothing;
    fragments: 'table' | 'rows';
    row: AnyRow;
  };
  'test/last_hour': {
    parameters: Nothing;
    fragments: 'hour' | 'table';
    row: { hour: bigint };
  };
  'test/leaves_hours': {
    parameters: Nothing;
    fragments: 'table' | 'hour' | 'hours';
    row: { outside: boolean };
  };
  'test/left_rows': {
    parameters: Nothing;
    fragments: 'table' | 'condition';
    row: AnyRow;
  };
  'test/like_table': {
    parameters: Nothing;
    fragments: 'table' | 'like';
    row: AnyRow;
  };
  'test/make_rows': {
    parameters: Nothing;
    fragments: never;
    row: AnyRow;
  };
  'test/make_table': {
    parameters: Nothing;
    fragments: 'table' | 'like';
    row: AnyRow;
  };
  'test/newest_event': {
    parameters: Nothing;
    fragments: 'instant' | 'table';
    row: { ms: bigint };
  };
  'test/newest_hour': {
    parameters: Nothing;
    fragments: 'hour' | 'table' | 'last';
    row: { hour: bigint };
  };
  'test/newest_rows': {
    parameters: Nothing;
    fragments: 'columns' | 'table' | 'hour' | 'last' | 'event_time' | 'most';
    row: AnyRow;
  };
  'test/no_rows': {
    parameters: Nothing;
    fragments: 'columns';
    row: AnyRow;
  };
  'test/process_query': {
    parameters: Nothing;
    fragments: 'sources' | 'query';
    row: AnyRow;
  };
  'test/read_csv': {
    parameters: Nothing;
    fragments: 'file';
    row: AnyRow;
  };
  'test/read_json': {
    parameters: Nothing;
    fragments: 'file';
    row: AnyRow;
  };
  'test/read_parquet': {
    parameters: Nothing;
    fragments: 'file';
    row: AnyRow;
  };
  'test/replaced_hours': {
    parameters: Nothing;
    fragments: 'table' | 'hours' | 'hour' | 'rows';
    row: AnyRow;
  };
  'test/rewrite': {
    parameters: Nothing;
    fragments: 'delete' | 'land';
    row: AnyRow;
  };
  'test/rows_to_hour': {
    parameters: Nothing;
    fragments: 'table' | 'hour' | 'first' | 'last';
    row: AnyRow;
  };
  'test/rows_where': {
    parameters: Nothing;
    fragments: 'table' | 'condition';
    row: AnyRow;
  };
  'test/rows_without': {
    parameters: Nothing;
    fragments: 'column' | 'table';
    row: AnyRow;
  };
  'test/search_files': {
    parameters: Nothing;
    fragments: 'folder';
    row: AnyRow;
  };
  'test/shaped': {
    parameters: Nothing;
    fragments: 'columns' | 'rows' | 'keep';
    row: AnyRow;
  };
  'test/some_rows': {
    parameters: Nothing;
    fragments: 'columns' | 'table' | 'most';
    row: AnyRow;
  };
  'test/with_file': {
    parameters: Nothing;
    fragments: 'file' | 'table';
    row: AnyRow;
  };
  'test/with_rows': {
    parameters: Nothing;
    fragments: 'table' | 'rows';
    row: AnyRow;
  };
  'test/write_rows': {
    parameters: Nothing;
    fragments: 'table' | 'file';
    row: AnyRow;
  };
  'workload/null_rows': {
    parameters: { files: readonly string[] };
    fragments: 'nulls';
    row: { rows: bigint; example: string | null };
  };
}
