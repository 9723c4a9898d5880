// Goal: manifests that are written anew, the lists that name them, their counts and their views are those that
// DuckDB makes. Method: random manifests as writers of every format version leave them, and both ways; what DuckDB
// is to write lies in a codec that only it reads.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readAvroRows, writeAvroRows } from '../../src/iceberg/avro-rows.ts';
import type { Snapshot } from '../../src/iceberg/table-metadata.ts';
import { MANIFEST_FILE_WITH_ROW_IDS } from '../../src/model/manifest-schema.ts';
import { composeFilesView } from '../../src/tables/views/files-view.ts';
import { composeReadableView } from '../../src/tables/views/readable-view.ts';
import { type RewrittenManifest, rewriteManifests } from '../../src/tables/write/manifest.ts';
import { writeClearedList } from '../../src/tables/write/manifest-list.ts';
import { describeSnapshot } from '../../src/tables/write/snapshot-summary.ts';
import { fields, type ManifestWorld, openManifestWorld, tableOf } from '../support/manifest-tables.ts';
import { propertySeed } from '../support/property-seed.ts';
import {
  type MadeManifest,
  madeManifest,
  type RandomManifest,
  randomManifest,
  spelling,
} from '../support/random-manifests.ts';

let world: ManifestWorld;
beforeAll(async () => {
  world = await openManifestWorld();
});
afterAll(() => world.close());

describe('manifests that are written anew', () => {
  function snapshotOf(manifests: readonly MadeManifest[], which: 'path' | 'twin'): Snapshot {
    const list = world.newPath();
    const rows = manifests.map((each) => ({ ...each.row, manifest_path: each[which] }));
    writeFileSync(list, writeAvroRows(MANIFEST_FILE_WITH_ROW_IDS, {}, rows));
    return { 'snapshot-id': 11n, 'sequence-number': 6n, 'timestamp-ms': 0, 'manifest-list': list };
  }

  const asManifests = (manifests: readonly MadeManifest[], which: 'path' | 'twin') =>
    manifests.map((each) => ({
      manifest_path: each[which],
      partition_spec_id: 0,
      content: each.row['content'] as number,
    }));

  const allOf = async (rewritten: readonly RewrittenManifest[]): Promise<unknown[]> => {
    const contents: unknown[] = [];
    for (const { path } of rewritten) contents.push(await world.contentOf(path));
    return contents
      .map((content) =>
        JSON.stringify(content, (_key, value) => (typeof value === 'bigint' ? `${value}n` : value)),
      )
      .sort();
  };
  /** Of a list whose manifests have other names. */
  const shownBy = async ({ 'manifest-list': list }: Snapshot): Promise<unknown[]> => {
    const paths = (readAvroRows(readFileSync(list), MANIFEST_FILE_WITH_ROW_IDS) ?? []).map(
      (row) => `${row['manifest_path']}`,
    );
    return [
      await world.listOf(list, ', manifest_path'),
      await allOf(paths.map((path) => ({ path, specId: 0, content: 0 }))),
    ];
  };

  it('are those that DuckDB writes, and so are the lists that name them', async () => {
    let known = 0;
    await fc.assert(
      fc.asyncProperty(
        fields,
        fc.array(randomManifest, { minLength: 1, maxLength: 3 }),
        fc.record({
          version: fc.constantFrom<1 | 2 | 3>(1, 2, 2, 3),
          spelled: spelling,
          removed: fc.subarray(['a', 'b', "d'ü"]),
          kept: fc.subarray(['a', 'b', 'c']),
          withoutBounds: fc.subarray([1, 6]),
          withDeletes: fc.boolean(),
          sameColumns: fc.boolean(),
        }),
        async (
          of,
          contents,
          { version, spelled, removed, kept, withoutBounds, withDeletes, sameColumns },
        ) => {
          const { metadata } = tableOf(world.folder, of, Math.max(version, 2));
          const columns = (contents[0] as RandomManifest).columns;
          const manifests = contents
            .map((each) => (sameColumns ? { ...each, columns } : each))
            .map((each) => madeManifest(world.newPath, of, each, { version, spelled }));
          // Which of several entries of a file is taken when both are live and alike, nobody says.
          fc.pre(isEachOnce(contents));
          const [one, other] = [snapshotOf(manifests, 'path'), snapshotOf(manifests, 'twin')];
          const files = (some: readonly string[]): string[] => some.map((name) => `/data/${name}.parquet`);
          const both: RewrittenManifest[][] = [];
          for (const [snapshot, which] of [
            [one, 'path'],
            [other, 'twin'],
          ] as const)
            both.push(
              await rewriteManifests(world.engine, {
                metadata,
                manifestList: snapshot['manifest-list'],
                manifests: asManifests(manifests, which),
                removedFiles: files(removed),
                keptFiles: [],
                destination: world.newPath,
                ...(withoutBounds.length === 0 ? {} : { withoutBoundsOf: withoutBounds }),
              }),
            );
          const [here, byDuckdb] = both as [RewrittenManifest[], RewrittenManifest[]];
          expect(byDuckdb.every(({ facts }) => facts === undefined)).toBe(true);
          if (here.every(({ facts }) => facts !== undefined)) known += 1;
          expect(await allOf(here)).toEqual(await allOf(byDuckdb));

          const place = {
            metadata,
            base: one,
            affected: asManifests(manifests, 'path'),
            snapshotId: 12n,
            sequenceNumber: 7n,
          };
          const lists = [
            await writeClearedList(world.engine, { ...place, rewritten: here }),
            await writeClearedList(world.engine, {
              ...place,
              rewritten: here.map(({ path, specId, content }) => ({ path, specId, content })),
            }),
          ] as const;
          expect(await world.listOf(lists[0])).toEqual(await world.listOf(lists[1]));

          const counts: unknown[] = [];
          for (const parent of [one, other])
            counts.push(
              (
                await describeSnapshot(world.engine, {
                  metadata,
                  parent: undefined,
                  snapshotId: 3n,
                  sequenceNumber: 4n,
                  manifestList: parent['manifest-list'],
                  operation: 'overwrite',
                })
              ).summary,
            );
          expect(counts[0]).toEqual(counts[1]);

          const views: Snapshot[] = [];
          const readable: (Snapshot | undefined)[] = [];
          for (const [from, which] of [
            [one, 'path'],
            [other, 'twin'],
          ] as const) {
            const directory = join(world.folder, 'metadata');
            const all = asManifests(manifests, which);
            views.push(
              await composeFilesView(world.engine, {
                metadata,
                from,
                manifests: all.filter(({ content }) => content === 0),
                files: files(kept),
                directory,
                withDeletes,
              }),
            );
            const [left] = all;
            readable.push(
              (
                await composeReadableView(world.engine, {
                  metadata,
                  from,
                  table: { namespace: [], name: 't' },
                  eventTime: undefined,
                  directory,
                  // Its delete manifests are made up, and name no column.
                  readElsewhere: true,
                  leftOut: new Set(all.length > 1 && left !== undefined ? [left.manifest_path] : []),
                })
              )?.snapshot,
            );
          }
          expect(await shownBy(views[0] as Snapshot)).toEqual(await shownBy(views[1] as Snapshot));
          if (readable[0] !== undefined && readable[1] !== undefined)
            expect(await shownBy(readable[0])).toEqual(await shownBy(readable[1]));
        },
      ),
      { numRuns: 30, ...propertySeed() },
    );
    expect(known).toBeGreaterThan(5);
  });

  function isEachOnce(contents: readonly RandomManifest[]): boolean {
    const live = contents.flatMap(({ entries, content }) =>
      entries.filter(({ status }) => status < 2).map((each) => `${content} ${each.file} ${each.status}`),
    );
    return new Set(live).size === live.length;
  }
});
