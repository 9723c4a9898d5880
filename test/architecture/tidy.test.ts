// Goal: the tree stays readable. Method: every file of the project is read and measured.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const LINES_MAX = 400;
/** What a script prints, for the compiler and not for people. */
const PRINTED = ['src/statements/catalogue.ts'];
/** Folders whose files people read; generated data is not among them. */
const FOLDERS = ['src', 'sql', 'templates', 'warehouse', 'test', 'docs'];
/** Pages beside them. */
const PAGES = ['README.md', 'ARCHITECTURE.md', 'CHANGELOG.md'];

const files = [
  ...PAGES,
  ...FOLDERS.flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true })
      .map((name) => join(folder, String(name)))
      .filter(
        (name) =>
          !name.includes('.data/') &&
          !name.includes('architecture/tidy') &&
          statSync(join(ROOT, name)).isFile(),
      ),
  ),
];
const textOf = (file: string): string => readFileSync(join(ROOT, file), 'utf8');
const inFolder = (folder: string): string[] => files.filter((file) => file.startsWith(`${folder}/`));

describe('the tree', () => {
  it(`has no source file of more than ${LINES_MAX} lines`, () => {
    const long = inFolder('src').filter((file) => textOf(file).split('\n').length > LINES_MAX + 1);
    expect(long.filter((file) => !PRINTED.includes(file))).toEqual([]);
  });
  it('has no note of work left undone', () => {
    expect(files.filter((file) => /\b(TODO|FIXME|XXX|HACK)\b/.test(textOf(file)))).toEqual([]);
  });
  it('names no place outside itself: no path of a machine, no host of a registry, no number of an issue', () => {
    const forbidden = [
      /\.\.\/shared\b/,
      /\/(work|home|Users|root)\/[a-z]/,
      /\bregistry\.[a-z]+\.[a-z]+/,
      /\bpypi\.org\b/,
      /\bissues? #?\d+/i,
      /(^|\s)#\d{1,4}\b/m,
    ];
    const strange = files.flatMap((file) =>
      forbidden.filter((pattern) => pattern.test(textOf(file))).map((pattern) => `${file} ${pattern}`),
    );
    expect(strange).toEqual([]);
  });
  it('names its files in kebab case', () => {
    expect(
      [...inFolder('src'), ...inFolder('test'), ...inFolder('docs')].filter(
        (file) => /\.(m?ts|md)$/.test(file) && !/^[a-z0-9-/.]+$/.test(file),
      ),
    ).toEqual([]);
  });
  it('begins every source file with a sentence on what it is', () => {
    expect(
      inFolder('src').filter(
        (file) =>
          file.endsWith('.ts') &&
          !/^(#!.*\n)?(\/\*\*|\/\/|export \*|export \{|export type \{)/.test(textOf(file)),
      ),
    ).toEqual([]);
  });
});
