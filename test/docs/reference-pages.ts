// The reference pages that are printed from the source: schemas, registry of error codes, --help, state tables.
import type { Command } from 'commander';
import { ANSWERS } from '../../src/catalog/protocol/error-body.ts';
import { program } from '../../src/cli/command-line.ts';
import { EXIT, exitCodeOfKind } from '../../src/cli/exit-code.ts';
import { type CodeEntry, ERROR_CODES, type ErrorCode, type ErrorKind } from '../../src/model/error-codes.ts';
import { PROBLEM_CODES, type Severity } from '../../src/model/problem-codes.ts';
import { processHeaderJsonSchema, projectJsonSchema } from '../../src/project/json-schemas.ts';
import { PROCESS_KEYS, PROJECT_KEYS } from '../../src/project/key-descriptions.ts';
import { AUDIT_FAILURE } from '../../src/state/tables/audit-failure.ts';
import { FILE } from '../../src/state/tables/file.ts';
import { HIGH_WATER_MARK } from '../../src/state/tables/high-water-mark.ts';
import { SESSION } from '../../src/state/tables/session.ts';
import { SIGNAL } from '../../src/state/tables/signal.ts';
import { testsJsonSchema } from '../../src/testing/read/json-schema.ts';
import { TESTS_KEYS } from '../../src/testing/read/key-descriptions.ts';
import { COLUMNS, ENVIRONMENT, EXIT_MEANINGS, KIND_MEANINGS, TABLES } from './reference-texts.ts';

const printed = (title: string, source: string, ...parts: readonly string[]): string =>
  `# ${title}\n\n<!-- Printed from ${source} by \`npm run docs\`; do not edit. -->\n\n${parts.join('\n\n')}\n`;

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...rows]
    .map((cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`)
    .join('\n');

// Keys ------------------------------------------------------------------------------------------------------

interface Schema {
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly anyOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly additionalProperties?: Schema | boolean;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly pattern?: string;
}

/** The forms that a value may have, unions within unions taken apart. */
const formsOf = (schema: Schema): readonly Schema[] => schema.anyOf?.flatMap(formsOf) ?? [schema];

/** One form as a reader would call it. */
function formText(schema: Schema): string {
  const words = schema.enum ?? (schema.const === undefined ? undefined : [schema.const]);
  // Of error codes there is a page of its own.
  if (words !== undefined && words.length > 20) return 'text';
  if (words !== undefined) return words.map((word) => `\`${String(word)}\``).join(', ');
  if (schema.type === 'array')
    return `list of ${formsOf(schema.items ?? {}).some((form) => form.properties) ? 'maps' : 'texts'}`;
  if (schema.type === 'object') return 'map';
  if (schema.type === 'integer' || schema.type === 'number')
    return `whole number from ${schema.minimum}${(schema.maximum ?? Infinity) > 2 ** 52 ? '' : ` to ${schema.maximum}`}`;
  if (schema.type === 'boolean') return '`true`, `false`';
  if (schema.type === 'null') return '';
  return schema.pattern?.includes('\\.[A-Za-z_]') === true ? '`namespace.table`' : 'text';
}

interface Key {
  readonly path: string;
  readonly name: string;
  readonly required: boolean;
  readonly schema: Schema;
}

/** The keys of a map, whatever its form; required are those that every form needs. */
function keysOf(schema: Schema, path: string): Key[] {
  const maps = formsOf(schema).filter((form) => form.properties !== undefined);
  const names = [...new Set(maps.flatMap((map) => Object.keys(map.properties ?? {})))];
  return names.map((name) => ({
    path: path === '' ? name : `${path}.${name}`,
    name,
    required: formsOf(schema).every((form) => form.required?.includes(name) === true),
    schema: { anyOf: maps.flatMap((map) => map.properties?.[name] ?? []).slice(0, 1) },
  }));
}

/** Every map below a schema with its path, outermost first. */
function mapsOf(schema: Schema, path: string): readonly (readonly [path: string, keys: readonly Key[]])[] {
  const keys = keysOf(schema, path);
  const inner = keys.flatMap((key) => [
    ...mapsOf(key.schema, key.path),
    ...formsOf(key.schema).flatMap(({ items }) =>
      items === undefined ? [] : mapsOf(items, `${key.path}[]`),
    ),
  ]);
  return keys.length === 0 ? inner : [[path, keys], ...inner];
}

/** Every key of a schema by its path. */
export const keyPathsOf = (schema: object): string[] =>
  mapsOf(schema as Schema, '').flatMap(([, keys]) => keys.map((key) => key.path));

function keysPage(title: string, intro: string, schema: object, meanings: Readonly<Record<string, string>>) {
  const sections = mapsOf(schema as Schema, '')
    .filter(([path]) => !path.endsWith('.from'))
    .map(([path, keys]) => {
      const rows = keys.map(({ path: key, name, required, schema: of }) => [
        `\`${name}\`${required ? ' (required)' : ''}`,
        [...new Set(formsOf(of).map(formText))].filter((text) => text !== '').join(', or '),
        meanings[key] ?? `no description of ${key}`,
      ]);
      return `${path === '' ? '## The file' : `## \`${path}\``}\n\n${table(['key', 'value', 'meaning'], rows)}`;
    });
  return printed(title, 'the schema', intro, ...sections);
}

// Command line ----------------------------------------------------------------------------------------------

/** All commands that do something, with their path: `session load`. */
export function commandsOf(command: Command, path: readonly string[] = []): [string, Command][] {
  // A group such as `psyberg session` takes no arguments itself; `psyberg plan` does, beside `plan diff`.
  const isOnlyGroup = command.commands.length > 0 && command.registeredArguments.length === 0;
  const here: [string, Command][] = isOnlyGroup ? [] : [[path.join(' '), command]];
  return [...here, ...command.commands.flatMap((each) => commandsOf(each, [...path, each.name()]))];
}

function helpOf(command: Command): string {
  let text = '';
  const writeOut = (part: string) => {
    text += part;
  };
  command.configureOutput({ writeOut, getOutHelpWidth: () => 100, getOutHasColors: () => false });
  command.configureHelp({ showGlobalOptions: false });
  command.outputHelp();
  return text.trim();
}

function commandLinePage(): string {
  const root = program(() => async () => {});
  const commands = commandsOf(root);
  const codes = Object.entries(EXIT)
    .sort(([, one], [, other]) => one - other)
    .map(([name, code]) => [String(code), EXIT_MEANINGS[name as keyof typeof EXIT]]);
  return printed(
    'The command line',
    '`psyberg --help`',
    'The options of `psyberg` itself work with every command.',
    `\`\`\`text\n${helpOf(root)}\n\`\`\``,
    ...commands.map(([path, command]) => `## psyberg ${path}\n\n\`\`\`text\n${helpOf(command)}\n\`\`\``),
    '## Exit codes',
    table(['code', 'meaning'], codes),
    'With several processes it is the highest code of any. SIGTERM ends a command with 143. The kind of an error decides its exit code, see [error codes](error-codes.md).',
    '## Environment',
    'All of them are optional.',
    table(['variable', 'what it does'], ENVIRONMENT),
  );
}

// Error codes -----------------------------------------------------------------------------------------------

function errorCodesPage(): string {
  const entries = (Object.entries(ERROR_CODES) as [ErrorCode, CodeEntry][]).sort(([one], [other]) =>
    one < other ? -1 : 1,
  );
  const kinds = Object.keys(KIND_MEANINGS) as ErrorKind[];
  return printed(
    'Error codes',
    '`src/model/error-codes.ts`',
    'An error has a code, a kind, a message, a hint that says what to do now, and a context for programs. In `--json` it is an object with these keys, see [JSON](json.md). A code and its kind are stable; the words may change.',
    "Codes with an HTTP status are also answers of `psyberg catalog serve`, with the type that Iceberg's clients know.",
    table(
      ['kind', 'exit code', 'means'],
      kinds.map((kind) => [`\`${kind}\``, String(exitCodeOfKind(kind)), KIND_MEANINGS[kind]]),
    ),
    ...kinds.map((kind) => {
      const rows = entries
        .filter(([, entry]) => entry.kind === kind)
        .map(([code, { meaning, retryable }]) => {
          const answer = ANSWERS[code];
          return [
            `\`${code}\``,
            meaning,
            retryable ? 'yes' : '',
            answer === undefined ? '' : answer.join(' '),
          ];
        });
      return `## ${kind}: exit code ${exitCodeOfKind(kind)}\n\n${table(['code', 'meaning', 'retry', 'HTTP'], rows)}`;
    }),
  );
}

// Problems --------------------------------------------------------------------------------------------------

function problemsPage(): string {
  const entries = Object.entries(PROBLEM_CODES).sort(([one], [other]) => (one < other ? -1 : 1));
  const rows = (severity: Severity) =>
    entries
      .filter(([, entry]) => entry.severity === severity)
      .map(([code, { meaning }]) => [`\`${code}\``, meaning]);
  return printed(
    'Problems',
    '`src/model/problem-codes.ts`',
    'What [`psyberg check`](../guides/checking.md) may find. A code and its severity are stable; the words of a message may change. Where an [error](error-codes.md) of a session says the same, the code is that of the error.',
    `## Errors\n\nA run would fail, or do what nobody can vouch for: exit code 2.\n\n${table(['code', 'meaning'], rows('error'))}`,
    `## Warnings\n\nIt may not be meant so.\n\n${table(['code', 'meaning'], rows('warning'))}`,
  );
}

// State tables ----------------------------------------------------------------------------------------------

function stateTablesPage(): string {
  const sections = TABLES.map(({ name, intro, of }) => {
    const columns = { HIGH_WATER_MARK, SESSION, SIGNAL, AUDIT_FAILURE, FILE }[of].columns;
    const rows = columns.map((column) => [
      `\`${column.name}\``,
      column.type,
      COLUMNS[`${of}.${column.name}`] ?? COLUMNS[column.name] ?? `no description of ${column.name}`,
    ]);
    return `## ${name}\n\n${intro}\n\n${table(['column', 'type', 'meaning'], rows)}`;
  });
  return printed(
    'State tables',
    '`src/state/tables`',
    'Five Iceberg tables, partitioned by process, for people and programs. Columns may be added, not renamed. psyberg.yaml can give them [other names](project-file.md#tables).',
    'A published snapshot of a target carries `psyberg.process-name`, `psyberg.session-id` and `psyberg.high-water-marks` in its summary: that is the watermark, and the tables are its copy. See [publishing](../concepts/publishing.md).',
    ...sections,
  );
}

/** Page -> its text. */
export const referencePages = (): Readonly<Record<string, string>> => ({
  'docs/reference/process-file.md': keysPage(
    'The process file',
    'A process is one SQL file: a YAML header in the leading comment, then plain DuckDB SQL. `$psyberg_session_id`, `$process_name`, `$first_hour`, `$last_hour`, `$range_start` and `$range_end` may be used anywhere in the SQL and in audits; `$landed_at` where a source is [files](../concepts/files.md). Unknown keys are an error. [Patterns](../concepts/patterns.md#a-process) shows an example.',
    processHeaderJsonSchema(),
    PROCESS_KEYS,
  ),
  'docs/reference/project-file.md': keysPage(
    'The project file',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: as it is written in psyberg.yaml
    'A project is a folder with a `psyberg.yaml`. `${NAME}` in a value of `catalog` takes it from the environment, so that secrets stay out of the file; they are never printed.',
    projectJsonSchema(),
    PROJECT_KEYS,
  ),
  'docs/reference/test-file.md': keysPage(
    'The test file',
    'Files `tests/*.yaml` are played by `psyberg test`, see [testing](../guides/testing.md). An hour is written `2023-09-14T05`. Unknown keys are an error.',
    testsJsonSchema(),
    TESTS_KEYS,
  ),
  'docs/reference/command-line.md': commandLinePage(),
  'docs/reference/error-codes.md': errorCodesPage(),
  'docs/reference/problems.md': problemsPage(),
  'docs/reference/state-tables.md': stateTablesPage(),
});
