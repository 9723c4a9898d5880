// Goal: the reference cannot drift. Method: its pages are printed from the source and compared with the files;
// `npm run docs` writes them.
import { describe, expect, it } from 'vitest';
import { processHeaderJsonSchema, projectJsonSchema } from '../../src/project/json-schemas.ts';
import { PROCESS_KEYS, PROJECT_KEYS } from '../../src/project/key-descriptions.ts';
import { testsJsonSchema } from '../../src/testing/read/json-schema.ts';
import { TESTS_KEYS } from '../../src/testing/read/key-descriptions.ts';
import { documented } from './documented.ts';
import { keyPathsOf, referencePages } from './reference-pages.ts';

const pages = referencePages();

describe('the reference', () => {
  it.each(Object.keys(pages))('%s is as the source says', (file) => {
    documented(file, pages[file] as string);
  });
  it('describes every key, and no other', () => {
    const missing = (schema: object, meanings: object) => ({
      undescribed: keyPathsOf(schema).filter(
        (path) => !Object.hasOwn(meanings, path) && !/\.from\./.test(path),
      ),
      unknown: Object.keys(meanings).filter((path) => !keyPathsOf(schema).includes(path)),
    });
    expect(missing(processHeaderJsonSchema(), PROCESS_KEYS)).toEqual({ undescribed: [], unknown: [] });
    expect(missing(projectJsonSchema(), PROJECT_KEYS)).toEqual({ undescribed: [], unknown: [] });
    expect(missing(testsJsonSchema(), TESTS_KEYS)).toEqual({ undescribed: [], unknown: [] });
  });
  it('leaves no column without a description', () => {
    for (const page of Object.values(pages)) expect(page).not.toContain('no description of');
  });
});
