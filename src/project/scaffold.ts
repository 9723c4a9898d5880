/**
 * Writes new projects and processes from `templates/`. Names and sources -> files. It never overwrites a
 * file, and what it leaves behind passes `readProject`.
 */
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { makeFolder } from '../disk/make-folder.ts';
import { PATTERNS } from '../kinds/patterns/index.ts';
import { usageError } from '../model/errors.ts';
import { fileNotWritable } from '../model/file-not-writable.ts';
import type { FilesSpec } from '../model/files-source.ts';
import { NAME_PATTERN, type TableIdentifier, tableName } from '../model/names.ts';
import type { Pattern, ProjectSpec } from '../model/process-spec.ts';
import { didYouMean } from './did-you-mean.ts';
import { type NewProcessSource, processPlaceholders } from './process-skeleton.ts';
import { PROJECT_FILE } from './project-schema.ts';
import { readProject } from './read-project.ts';

import { type FoundColumn, filesPlaceholders } from './scaffold-files.ts';

export type { NewProcessSource } from './process-skeleton.ts';

const templatesDirectory = fileURLToPath(new URL('../../templates', import.meta.url));

interface NewFile {
  readonly name: string;
  readonly text: string;
}

/** Names for `newProject`'s template: the folders of `templates/` that contain a psyberg.yaml. */
function projectTemplates(): string[] {
  return fs
    .readdirSync(templatesDirectory)
    .filter((name) => fs.existsSync(path.join(templatesDirectory, name, PROJECT_FILE)))
    .sort();
}

/**
 * Copies a project template into `directory`, which may exist as long as it has no file of the template. The
 * project is named after the folder. Throws `template-unknown` or `file-exists`; then nothing is written.
 */
export function newProject(options: {
  readonly directory: string;
  readonly template?: string;
  /** Files in addition to those of the template, by their paths in the project. */
  readonly more?: readonly NewFile[];
}): {
  readonly directory: string;
  readonly files: readonly string[];
} {
  const template = options.template ?? 'project';
  const templates = projectTemplates();
  if (!templates.includes(template)) {
    throw usageError('template-unknown', `there is no project template '${template}'`, {
      hint: didYouMean(template, templates, 'templates'),
      context: { template, templates },
    });
  }
  const directory = path.resolve(options.directory);
  const name = projectName(directory);
  const from = path.join(templatesDirectory, template);
  const files = fs
    .readdirSync(from, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(from, path.join(entry.parentPath, entry.name)))
    .sort()
    // A package cannot contain a .gitignore under that name: npm would obey it.
    .map((file) => ({
      to: path.join(directory, file === 'gitignore' ? '.gitignore' : file),
      text: fillIn(fs.readFileSync(path.join(from, file), 'utf8'), { name }),
    }));
  for (const { name: file, text } of options.more ?? []) files.push({ to: path.join(directory, file), text });
  writeNewFiles(files);
  return { directory, files: files.map((file) => file.to) };
}

/**
 * Writes a project over a folder of files whose columns are known. Throws `event-time-missing` and
 * `file-exists`; then nothing is written.
 */
export function newFilesProject(options: {
  readonly directory: string;
  /** Relative to `directory`, absolute, or a URL. */
  readonly files: Pick<FilesSpec, 'globs' | 'format'>;
  readonly saysFormat: boolean;
  readonly columns: readonly FoundColumn[];
  /** Files in addition to those of the templates, by their paths in the project. */
  readonly more?: readonly NewFile[];
}): { readonly directory: string; readonly files: readonly string[] } {
  const directory = path.resolve(options.directory);
  const project = projectName(directory);
  const values = filesPlaceholders(options.files, { ...options, project });
  const template = (file: string): string =>
    fillIn(fs.readFileSync(path.join(templatesDirectory, file), 'utf8'), {
      ...values,
      ...(file.startsWith('project') ? { name: project } : {}),
    });
  const files = [
    { to: PROJECT_FILE, text: template(`project/${PROJECT_FILE}`) },
    { to: '.gitignore', text: template('project/gitignore') },
    { to: 'README.md', text: template('files/README.md') },
    { to: `processes/${values['name']}_load.sql`, text: template('files/load.sql') },
    { to: `processes/${values['name']}_by_${values['grain']}.sql`, text: template('files/by_hour.sql') },
    { to: `tables/raw/${values['name']}.sql`, text: template('files/table.sql') },
    { to: `tests/${values['name']}.yaml`, text: template('files/tests.yaml') },
    ...EDITOR_FILES.map((file) => ({ to: file, text: template(`project/${file}`) })),
    ...(options.more ?? []).map(({ name, text }) => ({ to: name, text })),
  ].map(({ to, text }) => ({ to: path.join(directory, to), text }));
  writeNewFiles(files);
  return { directory, files: files.map((file) => file.to) };
}

/** From the template of projects, since they are the same for every project. */
const EDITOR_FILES = ['extensions', 'settings', 'tasks'].map((name) => `.vscode/${name}.json`);

/** A project is named after its folder. */
const projectName = (directory: string): string =>
  path
    .basename(directory)
    .replace(/[^A-Za-z0-9_.-]+/g, '_')
    .replace(/^[.-]+/, '') || 'project';

/**
 * Writes `<processes>/<name>.sql` from the template of its pattern. Throws `name-invalid`,
 * `event-time-missing`, `file-exists`, or the `project-invalid` that the new file would cause (a target that
 * another process writes, a circle); then no file is left.
 */
export function newProcess(options: {
  readonly project: ProjectSpec;
  readonly name: string;
  readonly pattern: Pattern;
  readonly sources: readonly NewProcessSource[];
  readonly target: TableIdentifier;
  /** Columns of the sources if known, by `namespace.table`: joins and keys are chosen from them. */
  readonly columns?: Readonly<Record<string, readonly string[]>>;
}): { readonly file: string } {
  const { project, name, pattern, sources } = options;
  if (!NAME_PATTERN.test(name)) {
    throw usageError('name-invalid', `'${name}' is no name for a process`, {
      hint: 'use letters, digits and _, and begin with no digit, for example cancel_fact_load',
      context: { name },
    });
  }
  if (sources.length === 0)
    throw usageError('source-missing', 'a process needs at least one source', {
      hint: "add --source 'raw.raw_events|event_ts'",
    });
  const untimed = PATTERNS[pattern].loadsHours
    ? sources.find((source) => source.timeColumn === undefined)
    : undefined;
  if (untimed !== undefined) {
    throw usageError(
      'event-time-missing',
      `a ${pattern} process needs the time column of every source, and ${tableName(untimed.table)} has none`,
      {
        hint: `write --source '${tableName(untimed.table)}|<column>'`,
        context: { table: tableName(untimed.table) },
      },
    );
  }
  const template = fs.readFileSync(path.join(templatesDirectory, 'process', `${pattern}.sql`), 'utf8');
  const file = path.join(project.processesDirectory, `${name}.sql`);
  writeNewFiles([{ to: file, text: fillIn(template, processPlaceholders(options)) }]);
  try {
    readProject({ root: project.root });
  } catch (error) {
    fs.rmSync(file, { force: true });
    throw error;
  }
  return { file };
}

/** Replaces each `{{placeholder}}`; a line with nothing but an empty one is removed. */
function fillIn(template: string, values: Readonly<Record<string, string>>): string {
  return template
    .split('\n')
    .flatMap((line) => {
      const filled = line.replace(/\{\{(\w+)\}\}/g, (whole, key: string) => values[key] ?? whole);
      return filled.trim() === '' && line.trim() !== '' ? [] : [filled];
    })
    .join('\n');
}

function writeNewFiles(files: readonly { readonly to: string; readonly text: string }[]): void {
  const existing = files.find((file) => fs.existsSync(file.to));
  if (existing !== undefined) throw fileExists(existing.to);
  const written: string[] = [];
  try {
    for (const { to, text } of files) {
      makeFolder(path.dirname(to));
      fs.writeFileSync(to, text, { flag: 'wx' });
      written.push(to);
    }
  } catch (cause) {
    for (const file of written) fs.rmSync(file, { force: true });
    const { code, path: where } = cause as NodeJS.ErrnoException;
    if (code === 'EEXIST' && files.some((file) => file.to === where)) throw fileExists(where ?? '');
    throw fileNotWritable(where ?? 'a file', cause, {
      hint: 'check that the folder exists, is a folder and can be written to',
    });
  }
}

const fileExists = (file: string): Error =>
  usageError('file-exists', `${file} exists, and is never overwritten`, {
    hint: 'choose another name, or move the file away',
    context: { file },
  });
