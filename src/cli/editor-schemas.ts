/** The JSON schemas of everything that people write by hand, by name. */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { makeFolder } from '../disk/make-folder.ts';
import { fileNotWritable } from '../model/file-not-writable.ts';
import type { JsonSchema } from '../project/editor-schema.ts';
import { processHeaderJsonSchema, projectJsonSchema } from '../project/json-schemas.ts';
import { testsJsonSchema } from '../testing/read/json-schema.ts';

export type SchemaName = 'process' | 'project' | 'tests';

/** Where the files of a project look for them. */
export const SCHEMA_FOLDER = '.psyberg/schema';

export const editorSchemas = (): Readonly<Record<SchemaName, JsonSchema>> => ({
  process: processHeaderJsonSchema(),
  project: projectJsonSchema(),
  tests: testsJsonSchema(),
});

/** The files of a folder of schemas: `project.json` and so on. */
export const schemaFiles = (
  schemas: Readonly<Partial<Record<SchemaName, JsonSchema>>> = editorSchemas(),
): { readonly name: string; readonly text: string }[] =>
  Object.entries(schemas).map(([name, schema]) => ({
    name: `${name}.json`,
    text: `${JSON.stringify(
      { $comment: 'Written by psyberg schema --out; write it again after an update of psyberg.', ...schema },
      null,
      2,
    )}\n`,
  }));

/** Writes them, over older ones; returns the paths. Throws `file-not-writable`. */
export function writeSchemas(directory: string, files = schemaFiles()): string[] {
  try {
    makeFolder(directory);
    return files.map(({ name, text }) => {
      const file = path.join(directory, name);
      writeFileSync(file, text);
      return file;
    });
  } catch (cause) {
    const { path: file = directory } = cause as NodeJS.ErrnoException;
    throw fileNotWritable(file, cause, {
      hint: 'name a folder that can be written to: --out .psyberg/schema',
    });
  }
}
