// Goal: an editor with our schemas accepts what psyberg accepts, and marks what it refuses. Method: an
// independent validator (ajv) over every header, psyberg.yaml and test of the templates, the sample world and the
// documents; over their faulty twins; and over the schemas' own examples and defaults.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv, type ValidateFunction } from 'ajv';
import { afterAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { editorSchemas, type SchemaName } from '../../src/cli/editor-schemas.ts';
import type { JsonSchema } from '../../src/project/editor-schema.ts';
import {
  PROCESS_EXAMPLES,
  PROCESS_KEYS,
  PROJECT_EXAMPLES,
  PROJECT_KEYS,
} from '../../src/project/key-descriptions.ts';
import { TESTS_EXAMPLES, TESTS_KEYS } from '../../src/testing/read/key-descriptions.ts';
import { blocksOf, pages, ROOT } from '../docs/pages.ts';
import { keyPathsOf } from '../docs/reference-pages.ts';
import { cli, cliJson, removeFolders, temporaryFolder } from './fixture.ts';

afterAll(removeFolders);
const schemas = editorSchemas();
const NAMES = Object.keys(schemas) as SchemaName[];
const ajv = new Ajv({ strict: true, allErrors: true, strictRequired: false, allowUnionTypes: true });
const judges = Object.fromEntries(NAMES.map((name) => [name, ajv.compile(schemas[name])])) as Record<
  SchemaName,
  ValidateFunction
>;
const complaints = (of: SchemaName, value: unknown): string[] => {
  judges[of](value);
  return (judges[of].errors ?? []).map((error) => `${error.instancePath} ${error.message}`);
};

const files = ['templates/project', 'warehouse/member-lifecycle', 'warehouse/flights'].flatMap((folder) =>
  readdirSync(join(ROOT, folder), { recursive: true })
    .map((name) => join(folder, String(name)))
    .filter((name) => /\.(sql|yaml)$/.test(name) && !name.includes('.data')),
);
const textOf = (file: string): string => readFileSync(join(ROOT, file), 'utf8').replaceAll('{{name}}', 'x');
const headerIn = (text: string): string => /\/\*---\n([\s\S]*?)---\*\//.exec(text)?.[1] ?? '';
const yamlBlocks = pages.flatMap((page) => blocksOf(page, 'yaml'));
const written: Record<SchemaName, string[]> = {
  process: [
    ...files.filter((file) => file.includes('/processes/')).map((file) => headerIn(textOf(file))),
    ...pages
      .flatMap((page) => blocksOf(page, 'sql'))
      .filter((text) => text.startsWith('/*---'))
      .map(headerIn),
  ],
  project: [
    ...files.filter((file) => file.endsWith('psyberg.yaml')).map(textOf),
    ...yamlBlocks.filter((text) => !text.startsWith('tests:')),
  ],
  tests: [
    ...files.filter((file) => file.includes('/tests/')).map(textOf),
    ...yamlBlocks.filter((text) => text.startsWith('tests:')),
  ],
};

describe('the schemas', () => {
  it.each(NAMES)('accept every %s that is written here', (name) => {
    expect(written[name].length).toBeGreaterThan(2);
    for (const text of written[name]) expect(complaints(name, parse(text)), text).toEqual([]);
  });

  const header = {
    process_name: 'a_load',
    pattern: 'stateful',
    sources: [{ table: 'raw.a', event_time: 'ts' }],
    target: { table: 'facts.a', event_time: 'ts' },
  };
  const source = header.sources[0];
  const withSource = (more: object) => ({ ...header, sources: [{ ...source, ...more }] });
  const project = { name: 'x', catalog: { warehouse: 'w' } };
  const test = { name: 'one', process: 'a_load', arrivals: [{ at: '2023-09-14T06:05:00Z' }] };
  const withArrival = (more: object) => ({
    tests: [{ ...test, arrivals: [{ ...test.arrivals[0], ...more }] }],
  });
  it.each<[SchemaName, string, object]>([
    ['process', 'an unknown key', { ...header, pettern: 'stateful' }],
    ['process', 'no pattern', { ...header, pattern: undefined }],
    ['process', 'a pattern that is none', { ...header, pattern: 'statefull' }],
    ['process', 'no sources', { ...header, sources: [] }],
    ['process', 'a name with a blank', { ...header, process_name: 'a load' }],
    ['process', 'a table without namespace', withSource({ table: 'a' })],
    ['process', 'an unknown key of a source', withSource({ event_tme: 'ts' })],
    ['process', 'a tolerance that is no duration', withSource({ future_tolerance: '2 days' })],
    ['process', 'a window in minutes', withSource({ window: { before: '30m' } })],
    ['process', 'an unknown key of a window', withSource({ window: { befor: '1h' } })],
    ['process', 'files beside a table', withSource({ files: 'in/*.json' })],
    ['process', 'a time to settle that is none', withSource({ settle: 'soon' })],
    ['process', 'a start that is none', withSource({ start: 'yesterday' })],
    ['process', 'a start without quotes', withSource({ start: 7_221_183_322_002 })],
    ['process', 'vtts that are none', withSource({ vtts: { form: 'signal' } })],
    ['process', 'a target of hours without event time', { ...header, target: { table: 'facts.a' } }],
    ['process', 'an unknown audit', { ...header, audits: ['not_nul'] }],
    ['process', 'an audit without its argument', { ...header, audits: ['unique'] }],
    ['process', 'an audit with an unknown key', { ...header, audits: [{ unique: { column: ['a'] } }] }],
    ['project', 'an unknown key', { ...project, process: 'p' }],
    ['project', 'no catalog', { name: 'x' }],
    ['project', 'a catalog that is nowhere', { name: 'x', catalog: { token: 't' } }],
    ['project', 'a name with a slash', { ...project, name: 'a/b' }],
    ['project', 'too many kept rows', { ...project, audit_failure_rows: 1_000_000 }],
    ['tests', 'no tests', { tests: [] }],
    ['tests', 'no process', { tests: [{ ...test, process: undefined }] }],
    ['tests', 'both process and processes', { tests: [{ ...test, processes: ['a'] }] }],
    ['tests', 'an unknown key of an arrival', withArrival({ row: {} })],
    ['tests', 'a clock that is none', withArrival({ at: 'noon' })],
    ['tests', 'an hour with minutes', withArrival({ complete_to: '2023-09-14T05:30' })],
    ['tests', 'rows in a form that is none', withArrival({ rows: { 'raw.a': { cvs: '' } } })],
    ['tests', 'a status that is none', withArrival({ expect: { status: 'done' } })],
    ['tests', 'an error code that is none', withArrival({ expect: { error: 'no-such-code' } })],
    ['tests', 'a typing error below a process', withArrival({ expect_of: { b: { rowcount: 1 } } })],
  ])('refuse, in a %s, %s', (name, _what, value) => {
    const good = { process: header, project, tests: { tests: [test] } }[name];
    expect(complaints(name, good)).toEqual([]);
    expect(complaints(name, JSON.parse(JSON.stringify(value)))).not.toEqual([]);
  });
});

/** Every part of a schema, with its path. */
function partsOf(schema: JsonSchema, path = ''): [string, JsonSchema][] {
  const { anyOf = [], items, properties = {}, additionalProperties: values } = schema;
  return [
    [path, schema],
    ...anyOf.flatMap((form) => partsOf(form, path)),
    ...(items === undefined ? [] : partsOf(items, `${path}[]`)),
    ...(typeof values === 'object' ? partsOf(values, `${path}.*`) : []),
    ...Object.entries(properties).flatMap(([name, each]) =>
      partsOf(each, path === '' ? name : `${path}.${name}`),
    ),
  ];
}

describe('what they say of the keys', () => {
  it.each(NAMES)('has a description at every key of a %s, without links', (name) => {
    for (const [path, { properties = {} }] of partsOf(schemas[name]))
      for (const [key, { description }] of Object.entries(properties)) {
        expect(description, `${path}.${key}`).toEqual(expect.stringMatching(/\w/));
        expect(description).not.toMatch(/\]\(/);
      }
  });
  it('has defaults and examples that are right themselves, and of keys that there are', () => {
    let count = 0;
    for (const name of NAMES)
      for (const [path, part] of partsOf(schemas[name])) {
        const { $schema: _dialect, title: _title, default: value, examples, ...form } = part;
        if (value === undefined && examples === undefined) continue;
        const judge = ajv.compile(form);
        for (const each of [...(value === undefined ? [] : [value]), ...((examples ?? []) as unknown[])]) {
          expect(
            judge(each),
            `${name} ${path}: ${JSON.stringify(each)} ${ajv.errorsText(judge.errors)}`,
          ).toBe(true);
          count += 1;
        }
      }
    expect(count).toBeGreaterThan(50);
    for (const [name, examples] of [
      ['process', PROCESS_EXAMPLES],
      ['project', PROJECT_EXAMPLES],
      ['tests', TESTS_EXAMPLES],
    ] as const)
      expect(Object.keys(examples).filter((path) => !keyPathsOf(schemas[name]).includes(path))).toEqual([]);
  });
  it('names a default wherever the reference does', () => {
    const meanings = { process: PROCESS_KEYS, project: PROJECT_KEYS, tests: TESTS_KEYS };
    for (const name of NAMES) {
      const withDefault = new Set(
        partsOf(schemas[name]).flatMap(([path, part]) => ('default' in part ? [path] : [])),
      );
      const said = Object.entries(meanings[name]).filter(([, text]) => /Default: (`|\d)/.test(text));
      expect(said.map(([path]) => path).filter((path) => !withDefault.has(path))).toEqual([]);
    }
  });
});

describe('psyberg schema', () => {
  it('prints one, or writes all', async () => {
    expect(await cliJson('schema', 'tests')).toMatchObject({ code: 0, json: schemas.tests });
    const folder = join(temporaryFolder(), 'deep/schema');
    expect((await cli('schema', '--out', folder)).code).toBe(0);
    expect(readdirSync(folder).sort()).toEqual(['process.json', 'project.json', 'tests.json']);
    expect(JSON.parse(readFileSync(join(folder, 'project.json'), 'utf8'))).toMatchObject({
      $schema: 'http://json-schema.org/draft-07/schema#',
      title: 'psyberg.yaml',
    });
  });
});
