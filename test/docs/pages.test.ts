// Goal: what the documents say of commands, files, keys and codes is so, and every link leads somewhere. Method:
// commands go through the real parser without being run, project files through the real reader, and names are
// looked up where they are defined. The tutorial itself is run by readme.test.ts.
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, normalize } from 'node:path';
import type { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { program } from '../../src/cli/command-line.ts';
import { ACCEPTABLE } from '../../src/model/accepted-findings.ts';
import { ERROR_CODES } from '../../src/model/error-codes.ts';
import { PROBLEM_CODES } from '../../src/model/problem-codes.ts';
import { processHeaderJsonSchema, projectJsonSchema } from '../../src/project/json-schemas.ts';
import { readProject } from '../../src/project/read-project.ts';
import { testsJsonSchema } from '../../src/testing/read/json-schema.ts';
import { readTests } from '../../src/testing/read/read-tests.ts';
import { errorDocument, planDocument, runDocument } from '../cli/contract-schemas.ts';
import { complaintOf } from './command-complaint.ts';
import {
  anchorsOf,
  blocksOf,
  inlineCodeOf,
  linksOf,
  pageOf,
  pages,
  proseOf,
  ROOT,
  wordsOf,
} from './pages.ts';
import { commandsOf, keyPathsOf } from './reference-pages.ts';

const SCRIPTS = (
  JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { scripts: Record<string, string> }
).scripts;
const each = pages.map((page) => [page.file, page] as const);

/** Of an inline synopsis such as `psyberg plan [PROCESS…] --explain`: the command, and its unknown options. */
function unknownIn(words: readonly string[]): string[] {
  let command: Command = program(() => async () => {});
  const global = command.options.map((option) => option.long);
  for (const word of words) {
    const next = command.commands.find((one) => one.name() === word);
    if (next !== undefined) command = next;
    else if (command.commands.length > 0 && /^[a-z]/.test(word)) return [`command ${word}`];
    else if (!word.startsWith('--')) break;
  }
  // What stands behind `--` is for another program.
  const own = words.includes('--') ? words.slice(0, words.indexOf('--')) : words;
  const known = [...global, ...command.options.map((option) => option.long), '--help'];
  return own.filter((word) => word.startsWith('--') && !known.includes(word.split('=')[0] as string));
}

describe('commands', () => {
  const shown = pages.flatMap((page) =>
    ['sh', 'text']
      .flatMap((language) => blocksOf(page, language))
      .flatMap((block) => block.split('\n'))
      .filter((line) => /^(npx )?psyberg /.test(line))
      .map((line) => [page.file, line.replace(/^(npx )?psyberg /, '')] as const),
  );
  it.each(shown)('%s: psyberg %s', async (_file, line) => {
    expect(await complaintOf(wordsOf(line))).toBeUndefined();
  });
  it('that do not exist are found by this', async () => {
    expect(await complaintOf(['run', '--nonsense'])).toContain('unknown option');
    expect(await complaintOf(['maintian'])).toContain('unknown command');
    expect(unknownIn(['plan', '--nonsense'])).toEqual(['--nonsense']);
    expect(unknownIn(['nonsense'])).toEqual(['command nonsense']);
  });
  it.each(each)('in the prose of %s have their options', (_file, page) => {
    const inline = inlineCodeOf(page).filter((code) => /^(npx )?psyberg( |$)/.test(code));
    expect(
      inline.flatMap((code) =>
        unknownIn(
          code
            .replace(/^(npx )?psyberg ?/, '')
            .replaceAll(/[[\]]/g, ' ')
            .split(/\s+/),
        ),
      ),
    ).toEqual([]);
  });
  it('of npm are scripts', () => {
    const named = pages.flatMap(({ text }) =>
      [...text.matchAll(/\bnpm (?:run )?((?:test|run|demo|bench|soak|contention|docs)(?::[a-z-]+)?)/g)].map(
        (match) => match[1] as string,
      ),
    );
    expect(named.filter((name) => name !== 'run' && SCRIPTS[name] === undefined)).toEqual([]);
  });
});

describe('files that are shown', () => {
  it('are read by the project reader', () => {
    const folder = mkdtempSync(join(tmpdir(), 'psyberg-docs-'));
    try {
      const yaml = pages.flatMap((page) => blocksOf(page, 'yaml'));
      const projects = yaml.filter((text) => !text.startsWith('tests:'));
      const processes = pages
        .flatMap((page) => blocksOf(page, 'sql'))
        .filter((text) => text.startsWith('/*---'));
      expect(projects.length).toBeGreaterThan(1);
      expect(processes.length).toBeGreaterThan(0);
      for (const text of projects) {
        mkdirSync(join(folder, 'processes'), { recursive: true });
        mkdirSync(join(folder, 'audits'), { recursive: true });
        writeFileSync(join(folder, 'psyberg.yaml'), text);
        for (const [index, process] of processes.entries())
          writeFileSync(join(folder, 'processes', `shown_${index}.sql`), process);
        writeFileSync(join(folder, 'audits', 'churn_type_known.sql'), 'select * from staged where false\n');
        const environment = {
          CATALOG_CREDENTIAL: 'id:secret',
          LAKE_WAREHOUSE: 'warehouse',
          STORE_KEY: 'key',
          STORE_SECRET: 'secret',
        };
        expect(readProject({ root: folder, environment }).processes).toHaveLength(processes.length);
      }
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
  it('of tests are read as tests of the sample world', () => {
    const shown = pages.flatMap((page) => blocksOf(page, 'yaml')).filter((text) => text.startsWith('tests:'));
    expect(shown.length).toBeGreaterThan(0);
    const folder = mkdtempSync(join(tmpdir(), 'psyberg-docs-'));
    try {
      const project = readProject({ root: join(ROOT, 'warehouse/member-lifecycle') });
      for (const [index, text] of shown.entries()) {
        const file = join(folder, `shown_${index}.yaml`);
        writeFileSync(file, text);
        expect(readTests(project, [file]).unread).toEqual([]);
      }
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
  it('of JSON are what programs may rely on', () => {
    const [plan, run, error] = blocksOf(pageOf('docs/reference/json.md'), 'json').map((text) =>
      JSON.parse(text),
    );
    planDocument.parse(plan);
    runDocument.parse(run);
    errorDocument.parse(error);
  });
});

describe('names', () => {
  const keys = new Set(
    [processHeaderJsonSchema(), projectJsonSchema(), testsJsonSchema()]
      .flatMap(keyPathsOf)
      .map((path) => path.split('.').at(-1) as string),
  );
  /** Written like a key: an answer of the catalog or of DuckDB, or a key among Iceberg's own. */
  const OTHERS = new Set(['catalog', 'credentials']);
  it.each(each)('of keys in %s are keys', (_file, page) => {
    const named = inlineCodeOf(page).flatMap((code) => /^([a-z_]+):( |$)/.exec(code)?.[1] ?? []);
    expect(named.filter((name) => !keys.has(name) && !OTHERS.has(name))).toEqual([]);
  });
  const codes = new Set([...Object.keys(ERROR_CODES), ...Object.keys(PROBLEM_CODES), ...ACCEPTABLE]);
  it.each(each)('of error codes and findings in %s are in their registries', (_file, page) => {
    const named = [...proseOf(page).matchAll(/\(`([a-z]+(?:-[a-z]+)+)`(?:, exit(?: code)? \d)?\)/g)].map(
      (match) => match[1] as string,
    );
    expect(named.filter((name) => !codes.has(name))).toEqual([]);
  });
  it('of files of the source are files', () => {
    const folders = ['', 'src', 'src/changes/verdicts', 'src/catalog', 'sql'];
    const named = pages.flatMap((page) =>
      inlineCodeOf(page).filter((code) => /^[a-z][\w-]*(\/[\w-]+)*\.(ts|mjs|sql)$/.test(code)),
    );
    const missing = named.filter((file) => !folders.some((folder) => existsSync(join(ROOT, folder, file))));
    expect(missing.filter((file) => !/^(audits|processes)\//.test(file))).toEqual([]);
  });
  it('of every command are in the reference', () => {
    const reference = pageOf('docs/reference/command-line.md').text;
    const commands = commandsOf(program(() => async () => {})).map(([path]) => path);
    expect(commands.length).toBeGreaterThan(15);
    for (const path of commands) expect(reference).toContain(`## psyberg ${path}\n`);
    for (const code of [0, 1, 2, 3, 4, 5, 6, 130]) expect(reference).toContain(`\n| ${code} | `);
  });
});

describe('links', () => {
  it.each(each)('of %s lead to a page of the repository and to a heading of it', (file, page) => {
    const broken = linksOf(page).filter((target) => {
      const [path = '', anchor] = target.split('#');
      const at = path === '' ? file : normalize(join(dirname(file), path));
      const to = pages.find((one) => one.file === at);
      return to === undefined
        ? !existsSync(join(ROOT, at))
        : anchor !== undefined && !anchorsOf(to).includes(anchor);
    });
    expect(broken).toEqual([]);
  });
  it('reach every page from README in at most three steps', () => {
    const steps = new Map([['README.md', 0]]);
    for (const [file, step] of steps)
      for (const target of linksOf(pages.find((page) => page.file === file) ?? { file, text: '' })) {
        const at = normalize(join(dirname(file), target.split('#')[0] as string));
        if (!steps.has(at)) steps.set(at, step + 1);
      }
    expect(pages.filter(({ file }) => (steps.get(file) ?? 9) > 3).map(({ file }) => file)).toEqual([]);
  });
  it('find what happens when a source was rolled back in two steps from README', () => {
    const [link = ''] =
      /\[[^\]]*\]\(([^)]+)\):[^[]*rolled back/.exec(pageOf('README.md').text)?.slice(1) ?? [];
    expect(anchorsOf(pageOf(link))).toContain('a-source-was-rolled-back');
  });
});

describe('length', () => {
  it.each([
    ['README.md', 800],
    ['ARCHITECTURE.md', 900],
  ])('of %s is at most %i words', (file, most) => {
    expect(
      pageOf(file)
        .text.split(/\s+/)
        .filter((word) => /[\p{L}\p{N}]/u.test(word)).length,
    ).toBeLessThanOrEqual(most);
  });
});
