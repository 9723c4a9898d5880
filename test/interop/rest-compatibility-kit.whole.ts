// Goal: Apache Iceberg's own tests of a REST catalog find ours correct. Method: the REST compatibility kit,
// as published, against `psyberg catalog serve`.
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { startCatalog } from '../../src/catalog/index.ts';
import { startCli } from '../cli/fixture.ts';
import { javaClasspath, missingJava, runJava } from './java/java.ts';

const missing = await missingJava();
if (missing !== undefined)
  console.warn(`\n*** SKIPPED: Apache Iceberg's REST compatibility kit: ${missing}\n`);

/** The kit writes its tables with a location of their own here, whatever the catalog's warehouse is. */
const KIT_FOLDERS = ['/tmp/ns', '/tmp/newdb'];
/**
 * What the kit leaves out of itself for every server. `supports…` are constants of the kit, except the two
 * about dots: our names are JDBC-catalog rows, where a dot separates levels.
 */
const LEFT_OUT = [
  'createAndDropEmptyNamespace()',
  'createTableInUniqueLocation()',
  'listNamespacesWithEmptyNamespace()',
  'listTablesInEmptyNamespace()',
  'listViewsInEmptyNamespace()',
  'namespacePropertiesOnEmptyNamespace()',
  'testDropNamespaceWithNestedNamespace()',
  'testListNestedNamespaces()',
  'testNamespaceWithDot()',
  'testNamespaceWithSlash()',
  'testTableNameWithDot()',
  'testTableNameWithSlash()',
];
const SETTINGS = {
  'rck.local': 'false',
  'rck.requires-namespace-create': 'true',
  'rck.supports-serverside-retry': 'true',
  'rck.overrides-requested-location': 'false',
  'rck.supports-variant': 'true',
  'rck.supports-names-with-dot': 'false',
};

const folder = mkdtempSync(join(tmpdir(), 'psyberg-rck-'));
const foreign = KIT_FOLDERS.filter((each) => !existsSync(each));
afterAll(() => {
  for (const each of [folder, ...foreign]) rmSync(each, { recursive: true, force: true });
});

/** Serves an empty warehouse. */
async function serve(
  temporary: string,
): Promise<{ uri: string; token: string; warehouse: string; stop: () => Promise<unknown> }> {
  writeFileSync(
    join(folder, 'psyberg.yaml'),
    `name: rck\ncatalog: { warehouse: warehouse, allowed_locations: ${JSON.stringify([...KIT_FOLDERS, temporary])} }\nprocesses: processes\n`,
  );
  mkdirSync(join(folder, 'processes'));
  const { child, done, stdout, stderr } = startCli(['catalog', 'serve', '--project', folder]);
  while (!stdout().includes('\n')) {
    if (child.exitCode !== null) throw new Error(`the catalog did not start:\n${stderr()}`);
    await new Promise((resume) => setTimeout(resume, 20));
  }
  const stop = (): Promise<unknown> => {
    child.kill('SIGTERM');
    return done;
  };
  return { ...(JSON.parse(stdout()) as { uri: string; token: string; warehouse: string }), stop };
}

/** Name -> outcome of every test in JUnit's report. */
function readReport(file: string): Map<string, 'passed' | 'left out' | string> {
  const cases = readFileSync(file, 'utf8').split('<testcase ').slice(1);
  return new Map(
    cases.map((text) => {
      const [, name, type] = /name="([^"]*)" classname="[^"]*?([^".]*)"/.exec(text) as unknown as [
        string,
        string,
        string,
      ];
      const failure = /<(?:failure|error)[^>]*>([\s\S]{0,2000})/.exec(text)?.[1];
      return [`${type}:${name}`, failure ?? (text.includes('<skipped') ? 'left out' : 'passed')];
    }),
  );
}

describe.skipIf(missing !== undefined)("Apache Iceberg's REST compatibility kit", () => {
  it('passes: all 145 tests that it does not leave out itself', { timeout: 600_000 }, async () => {
    await javaClasspath();
    const temporary = join(folder, 'temporary');
    mkdirSync(temporary);
    const { uri, token, warehouse, stop } = await serve(temporary);
    const { code, output } = await runJava({
      mainClass: 'org.junit.platform.console.ConsoleLauncher',
      arguments: [
        'execute',
        '--disable-banner',
        '--details=none',
        `--reports-dir=${folder}`,
        '--select-class=org.apache.iceberg.rest.RESTCompatibilityKitCatalogTests',
        '--select-class=org.apache.iceberg.rest.RESTCompatibilityKitViewCatalogTests',
      ],
      properties: {
        ...SETTINGS,
        uri,
        token,
        warehouse,
        'java.io.tmpdir': temporary,
        'org.slf4j.simpleLogger.defaultLogLevel': 'off',
      },
    });
    await stop();
    if (!existsSync(join(folder, 'TEST-junit-jupiter.xml')))
      throw new Error(`the kit did not run (exit ${code}):\n${output.slice(-4000)}`);
    const outcomes = [...readReport(join(folder, 'TEST-junit-jupiter.xml'))];
    const failed = outcomes.filter(([, outcome]) => outcome !== 'passed' && outcome !== 'left out');
    expect(Object.fromEntries(failed)).toEqual({});
    expect(
      outcomes
        .filter(([, outcome]) => outcome === 'left out')
        .map(([name]) => name.split(':')[1])
        .sort(),
    ).toEqual(LEFT_OUT);
    expect(outcomes.filter(([, outcome]) => outcome === 'passed')).toHaveLength(145);
    expect(code).toBe(0);
  });

  it('passes, tests included that it leaves out because its own server cannot do them: nested namespaces, slashes and dots', {
    timeout: 600_000,
  }, async () => {
    const { uri, token, close } = await startCatalog({ warehouse: join(folder, 'names') });
    const { output } = await runJava({
      mainClass: join(import.meta.dirname, 'java', 'NamesOfTheKit.java'),
      properties: {
        ...SETTINGS,
        uri,
        token,
        warehouse: 'psyberg',
        'org.slf4j.simpleLogger.defaultLogLevel': 'off',
      },
    });
    await close();
    const tests = [
      'testDropNamespaceWithNestedNamespace',
      'testListNestedNamespaces',
      'testNamespaceWithSlash',
      'testTableNameWithDot',
      'testTableNameWithSlash',
    ];
    expect(output.trim().split('\n').sort()).toEqual(
      tests.map((name) => expect.stringContaining(`${name}(): SUCCESSFUL`)),
    );
  });
});
