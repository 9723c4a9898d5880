/** What Spark SQL does to a table, as statements with places for the table and rows. Pure. */
import fc from 'fast-check';
import type { Operation, Rows } from './history.ts';

const rows: fc.Arbitrary<Rows> = fc.record({
  hour: fc.oneof(
    { weight: 12, arbitrary: fc.nat(6) },
    { weight: 1, arbitrary: fc.constantFrom(null, 26, 30, 200) },
  ),
  count: fc.integer({ min: 1, max: 3 }),
  k: fc.constantFrom('a', 'b', 'c', 'a b/ü', null),
  v: fc.constantFrom(0, 1, 2, 3, null),
});
const batch = fc.array(rows, { minLength: 1, maxLength: 3 });
const known = fc.array(
  fc
    .tuple(rows, fc.option(fc.nat(12), { nil: undefined, freq: 4 }))
    .map(([each, id]) => ({ ...each, count: 1, id })),
  { minLength: 1, maxLength: 3 },
);
/** `{t}`: the table; `{name}`: the same for procedures; `{rows}`: a query of rows; `{where}`. */
const sql = (...statements: readonly string[]): Operation => ({ kind: 's-sql', statements });
const withBatch = (what: fc.Arbitrary<readonly string[]>): fc.Arbitrary<Operation> =>
  fc.record({ kind: fc.constant('s-sql'), statements: what, batch });

const where = fc.oneof(
  { weight: 3, arbitrary: fc.nat(2).map((rest) => `id % 3 = ${rest}`) },
  { weight: 2, arbitrary: fc.constantFrom("k = 'a'", 'k is null', 'v >= 2', 'ts is null') },
  {
    weight: 3,
    arbitrary: fc
      .tuple(fc.nat(6), fc.integer({ min: 1, max: 3 }), fc.constantFrom(0, 0, 1800))
      .map((each) => `{hours ${each.join(' ')}}`),
  },
);
const mode = fc.constantFrom('merge-on-read', 'merge-on-read', 'copy-on-write');
const inMode = (each: fc.Arbitrary<readonly string[]>): fc.Arbitrary<readonly string[]> =>
  fc
    .tuple(mode, fc.constantFrom('file', 'partition'), each)
    .map(([is, granularity, statements]) => [
      `alter table {t} set tblproperties ('write.delete.mode' = '${is}', 'write.update.mode' = '${is}', 'write.merge.mode' = '${is}', 'write.delete.granularity' = '${granularity}')`,
      ...statements,
    ]);
const plain = (each: fc.Arbitrary<readonly string[]>): fc.Arbitrary<Operation> =>
  each.map((statements) => ({ kind: 's-sql', statements }));
const one = (each: fc.Arbitrary<string>): fc.Arbitrary<readonly string[]> =>
  each.map((statement) => [statement]);

const BRANCH = '{t}.branch_{b}';
const land = withBatch(fc.constant(['insert into {t} by name {rows}']));
const deletes = plain(inMode(one(where.map((each) => `delete from {t} where ${each}`))));
const updates = plain(
  inMode(
    one(
      fc
        .tuple(
          where,
          fc.constantFrom('v = coalesce(v, 0) + 1', 'k = upper(k)', 'k = null', 'ts = {later}', 'v = v'),
        )
        .map(([each, set]) => `update {t} set ${set} where ${each}`),
    ),
  ),
);
const merges = fc
  .tuple(
    inMode(
      one(
        fc
          .tuple(
            fc.constantFrom(
              '',
              'when matched and s.v = 0 then delete ',
              "when matched and t.k = 'a' then update set v = 7 ",
            ),
            fc.constantFrom(
              'when matched then update set t.k = s.k, t.v = s.v, t.ts = s.ts ',
              'when matched then delete ',
              '',
            ),
            fc.constantFrom('when not matched then insert (id, ts, k, v) values (s.id, s.ts, s.k, s.v) ', ''),
            fc.constantFrom(
              '',
              '',
              'when not matched by source and t.v = 1 then delete',
              "when not matched by source and t.k = 'b' then update set v = 8",
            ),
          )
          .map((parts) => parts.join('') || 'when matched then delete')
          .map((parts) => `merge into {t} t using ({rows}) s on t.id = s.id ${parts}`),
      ),
    ),
    known,
  )
  .map(([statements, each]): Operation => ({ kind: 's-sql', statements, batch: each }));
const overwrites = fc.oneof(
  withBatch(
    fc
      .constantFrom('static', 'dynamic', 'dynamic')
      .map((each) => [
        `set spark.sql.sources.partitionOverwriteMode=${each}`,
        'insert overwrite {t} by name {rows}',
        'set spark.sql.sources.partitionOverwriteMode=static',
      ]),
  ),
  withBatch(
    one(
      fc
        .constantFrom("k = 'a'", 'k is null', '{hours 2 2 0}')
        .map((each) => `insert into {t} replace where ${each} {fullrows}`),
    ),
  ),
  fc.constant(
    sql(
      'set spark.sql.sources.partitionOverwriteMode=dynamic',
      'insert overwrite {t} select * from {t}',
      'set spark.sql.sources.partitionOverwriteMode=static',
    ),
  ),
  fc.constant(sql('truncate table {t}')),
);
const upkeep: fc.Arbitrary<Operation> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc
      .tuple(
        fc.subarray(
          [
            "'rewrite-all', 'true'",
            "'delete-file-threshold', '1'",
            "'min-input-files', '2'",
            "'partial-progress.enabled', 'true'",
            "'use-starting-sequence-number', 'false'",
            "'remove-dangling-deletes', 'true'",
          ],
          { minLength: 1 },
        ),
        fc.constantFrom('', '', ", where => 'id > 5'", ", strategy => 'sort', sort_order => 'id'"),
      )
      .map(([options, more]) =>
        sql(
          `call lake.system.rewrite_data_files(table => '{name}', options => map(${options.join(', ')})${more})`,
        ),
      ),
  },
  {
    weight: 3,
    arbitrary: fc.constant(
      sql(
        "call lake.system.rewrite_position_delete_files(table => '{name}', options => map('rewrite-all', 'true'))",
      ),
    ),
  },
  {
    weight: 2,
    arbitrary: fc.constant(
      sql("call lake.system.rewrite_manifests(table => '{name}', use_caching => false)"),
    ),
  },
  {
    weight: 2,
    arbitrary: fc
      .integer({ min: 1, max: 4 })
      .map((keep) =>
        sql(
          `call lake.system.expire_snapshots(table => '{name}', older_than => timestamp '2100-01-01 00:00:00', retain_last => ${keep})`,
        ),
      ),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      sql("call lake.system.compute_table_stats(table => '{name}')"),
      sql("call lake.system.compute_partition_stats(table => '{name}')"),
    ),
  },
);
const b = fc.constantFrom('work', 'other');
const onBranch = fc.tuple(b, fc.oneof(land, deletes, updates, merges)).map(
  ([each, operation]): Operation => ({
    ...operation,
    statements: (operation['statements'] as string[]).map((text) =>
      text.startsWith('alter') ? text : text.replace('{t}', BRANCH.replace('{b}', each)),
    ),
  }),
);
const wap = fc
  .tuple(fc.constantFrom('w1', 'w2'), fc.oneof(land, deletes, merges, overwrites), fc.boolean())
  .map(([id, operation, isBranch]): Operation => {
    const of = operation['statements'] as string[];
    const name = isBranch ? 'branch' : 'id';
    return {
      ...operation,
      statements: [
        "alter table {t} set tblproperties ('write.wap.enabled' = 'true')",
        `set spark.wap.${name}=${isBranch ? 'work' : id}`,
        ...of,
        `reset spark.wap.${name}`,
      ],
      anyway: [`reset spark.wap.${name}`],
    };
  });
const moves: fc.Arbitrary<Operation> = fc.oneof(
  { weight: 2, arbitrary: b.map((each) => sql(`alter table {t} create or replace branch ${each}`)) },
  {
    weight: 2,
    arbitrary: b.map((each) => sql(`call lake.system.fast_forward('{name}', 'main', '${each}')`)),
  },
  { weight: 1, arbitrary: b.map((each) => sql(`alter table {t} drop branch ${each}`)) },
  {
    weight: 2,
    arbitrary: fc
      .constantFrom('w1', 'w2')
      .map((each) => sql(`call lake.system.publish_changes('{name}', '${each}')`)),
  },
  {
    weight: 2,
    arbitrary: fc
      .nat(30)
      .map((index) => sql(`call lake.system.cherrypick_snapshot('{name}', {snapshot ${index}})`)),
  },
  {
    weight: 2,
    arbitrary: fc
      .nat(30)
      .map((index) => sql(`call lake.system.set_current_snapshot('{name}', {snapshot ${index}})`)),
  },
  {
    weight: 2,
    arbitrary: fc
      .integer({ min: 1, max: 3 })
      .map((back) => sql(`call lake.system.rollback_to_snapshot('{name}', {back ${back}})`)),
  },
);
const column = fc.constantFrom('x', 'y', 'extra');
const schema: fc.Arbitrary<Operation> = fc.oneof(
  column.map((each) => sql(`alter table {t} add column ${each} int`)),
  column.map((each) => sql(`alter table {t} add column ${each} string`)),
  column.map((each) => sql(`alter table {t} add column ${each} string default 'given'`)),
  column.map((each) => sql(`alter table {t} drop column ${each}`)),
  column.chain((each) => column.map((to) => sql(`alter table {t} rename column ${each} to ${to}`))),
  fc.constantFrom(
    sql('alter table {t} alter column v type bigint'),
    sql('alter table {t} alter column x type bigint'),
    sql('alter table {t} alter column v first'),
    sql('alter table {t} alter column ts after v'),
  ),
);
const layout: fc.Arbitrary<Operation> = fc.oneof(
  fc
    .constantFrom(
      'k',
      'bucket(3, id)',
      'truncate(1, k)',
      'hours(ts)',
      'days(ts)',
      'months(ts)',
      'v',
      'truncate(10, id)',
    )
    .map((each) => sql(`alter table {t} add partition field ${each}`)),
  fc
    .constantFrom('k', 'bucket(3, id)', 'truncate(1, k)', 'hours(ts)', 'days(ts)', 'v')
    .map((each) => sql(`alter table {t} drop partition field ${each}`)),
  fc.constantFrom(
    sql('alter table {t} write ordered by k, id'),
    sql('alter table {t} write unordered'),
    sql('alter table {t} write locally ordered by ts'),
  ),
  fc
    .constantFrom(
      "'write.distribution-mode' = 'none'",
      "'format-version' = '2'",
      "'format-version' = '3'",
      "'write.metadata.compression-codec' = 'gzip'",
      "'write.metadata.metrics.default' = 'none'",
      "'write.metadata.metrics.default' = 'counts'",
      "'commit.manifest.min-count-to-merge' = '2'",
      "'commit.manifest-merge.enabled' = 'false'",
      "'write.metadata.previous-versions-max' = '1', 'write.metadata.delete-after-commit.enabled' = 'true'",
      "'write.object-storage.enabled' = 'true'",
      "'write.format.default' = 'avro'",
      "'write.parquet.row-group-size-bytes' = '1'",
    )
    .map((each) => sql(`alter table {t} set tblproperties (${each})`)),
);
const replaced = fc
  .constantFrom('', 'partitioned by (k)', 'partitioned by (bucket(2, id))', 'partitioned by (truncate(1, k))')
  .map((each) =>
    sql(
      `create or replace table {t} using iceberg ${each} tblproperties ('format-version' = '{version}') as select * from {t}`,
    ),
  );

export const sparkOperations: fc.Arbitrary<Operation> = fc.oneof(
  { weight: 6, arbitrary: land },
  { weight: 4, arbitrary: deletes },
  { weight: 3, arbitrary: updates },
  { weight: 4, arbitrary: merges },
  { weight: 2, arbitrary: overwrites },
  { weight: 5, arbitrary: upkeep },
  { weight: 2, arbitrary: onBranch },
  { weight: 2, arbitrary: wap },
  { weight: 4, arbitrary: moves },
  { weight: 2, arbitrary: schema },
  { weight: 2, arbitrary: layout },
  { weight: 1, arbitrary: replaced },
);
