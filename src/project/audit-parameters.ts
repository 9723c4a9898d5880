/**
 * Reads audits with parameters: what a file of `audits/` declares, and the values that a header gives. Text
 * and YAML -> typed values. Pure.
 */
import { NAME_PATTERN } from '../model/names.ts';
import { ENGINE_PARAMETERS, type TextPosition, type TypedValue } from '../model/process-spec.ts';
import { didYouMean } from './did-you-mean.ts';
import { isMap } from './plain-values.ts';
import { positionAt, type ReportProblem } from './problems.ts';
import { isDate } from './read-variables.ts';
import { foundType } from './validate.ts';
import type { Path } from './yaml-text.ts';

export interface AuditParameter {
  readonly name: string;
  /** `IDENTIFIER`, or DuckDB's name of a type. */
  readonly type: ScalarType;
  readonly isList: boolean;
  /** Place of its line in the audit's file. */
  readonly place: TextPosition;
}

/** What a header passes to an audit. */
export interface AuditArguments {
  /** For `{{name}}`: names that will be quoted. */
  readonly identifiers: Readonly<Record<string, readonly string[]>>;
  /** For `$name`. */
  readonly values: Readonly<Record<string, TypedValue>>;
}

type ScalarType = keyof typeof TYPES;
interface TypeOf {
  /** What a message calls a value of this type. */
  readonly what: string;
  /** The value in the form that a plan holds; undefined if it is not of the type. */
  readonly read: (written: unknown) => Item | undefined;
}
type Item = string | number | boolean;

const textOnly = (written: unknown): string | undefined =>
  typeof written === 'string' ? written : undefined;
const integer = (written: unknown): number | undefined =>
  typeof written === 'number' && Number.isSafeInteger(written) ? written : undefined;

const TYPES = {
  IDENTIFIER: { what: 'a name', read: (written) => textOnly(written)?.trim() || undefined },
  VARCHAR: { what: 'text', read: textOnly },
  BOOLEAN: {
    what: 'true or false',
    read: (written) => (typeof written === 'boolean' ? written : undefined),
  },
  INTEGER: {
    what: 'a whole number below 2147483648',
    read: (written) => {
      const value = integer(written);
      return value === undefined || Math.abs(value) >= 2 ** 31 ? undefined : value;
    },
  },
  BIGINT: { what: 'a whole number', read: integer },
  DOUBLE: {
    what: 'a number',
    read: (written) => (typeof written === 'number' && Number.isFinite(written) ? written : undefined),
  },
  DATE: {
    what: 'a date such as 2024-01-31',
    read: (written) => (typeof written === 'string' && isDate(written) ? written : undefined),
  },
  TIMESTAMP: { what: 'a UTC time such as 2024-01-31T05:00:00Z', read: momentOf },
  TIMESTAMPTZ: { what: 'a UTC time such as 2024-01-31T05:00:00Z', read: momentOf },
} as const satisfies Readonly<Record<string, TypeOf>>;

const OTHER_NAMES: Readonly<Record<string, ScalarType>> = {
  TEXT: 'VARCHAR',
  STRING: 'VARCHAR',
  BOOL: 'BOOLEAN',
  INT: 'INTEGER',
};

function momentOf(written: unknown): string | undefined {
  const [, date, time] =
    /^(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}:\d{2}(?:\.\d{1,6})?)Z?$/.exec(textOnly(written) ?? '') ?? [];
  const text = `${date}T${time}Z`;
  return date !== undefined && isDate(date) && !Number.isNaN(Date.parse(text)) ? text : undefined;
}

const PARAM = /^--[ \t]*@param\b[ \t]*(.*)$/;

/** The parameters that the comment at the beginning of a file declares: `-- @param NAME TYPE words`. */
export function parametersDeclared(
  text: string,
  variables: ReadonlySet<string>,
  report: ReportProblem,
): readonly AuditParameter[] {
  const parameters: AuditParameter[] = [];
  let offset = 0;
  for (const line of text.split('\n')) {
    if (line.trim() !== '' && !line.startsWith('--')) break;
    const [, declared] = PARAM.exec(line.trimEnd()) ?? [];
    const place = positionAt(text, offset);
    offset += line.length + 1;
    if (declared === undefined) continue;
    const read = parameterOf(declared, parameters, variables);
    if ('message' in read) report(place, read.message, read.hint);
    else parameters.push({ ...read, place });
  }
  return parameters;
}

function parameterOf(
  declared: string,
  others: readonly AuditParameter[],
  variables: ReadonlySet<string>,
): Omit<AuditParameter, 'place'> | { readonly message: string; readonly hint: string } {
  const [written = '', word = ''] = declared.split(/\s+/);
  const name = written.replace(/^\$/, '');
  if (!NAME_PATTERN.test(name))
    return { message: '@param without a name', hint: 'write -- @param NAME TYPE' };
  const scalar = word.toUpperCase().replace(/\[\]$/, '');
  const type = OTHER_NAMES[scalar] ?? scalar;
  if (!Object.hasOwn(TYPES, type))
    return {
      message:
        word === '' ? `the parameter ${name} has no type` : `unknown type ${word} of the parameter ${name}`,
      hint: `types: ${Object.keys(TYPES).join(', ')}; [] behind one makes a list`,
    };
  if (others.some((other) => other.name.toLowerCase() === name.toLowerCase()))
    return { message: `the parameter ${name} is declared twice`, hint: 'keep one of them' };
  const variable = [...variables].find((other) => other.toLowerCase() === name.toLowerCase());
  if (ENGINE_PARAMETERS.has(name.toLowerCase()) || variable !== undefined)
    return {
      message: `the parameter ${name} has the name of ${variable !== undefined ? 'a variable of psyberg.yaml' : 'a parameter that the engine gives a value to'}`,
      hint: 'choose another name',
    };
  return { name, type: type as ScalarType, isList: word.endsWith('[]') };
}

/** `column IDENTIFIER, values VARCHAR[]`. */
const signatureOf = (parameters: readonly AuditParameter[]): string =>
  parameters.map(({ name, type, isList }) => `${name} ${type}${isList ? '[]' : ''}`).join(', ');

/** Reports each `$name` and `{{name}}` in the SQL that is used otherwise than declared, or not at all. */
export function reportUses(
  parameters: readonly AuditParameter[],
  used: { readonly values: ReadonlySet<string>; readonly identifiers: ReadonlySet<string> },
  report: ReportProblem,
): void {
  for (const { name, type, place } of parameters) {
    const [right, wrong] =
      type === 'IDENTIFIER' ? [used.identifiers, used.values] : [used.values, used.identifiers];
    if (wrong.has(name))
      report(
        place,
        type === 'IDENTIFIER'
          ? `the parameter ${name} is an IDENTIFIER, and $${name} would be its text`
          : `the parameter ${name} is a value, and {{${name}}} would be a name`,
        type === 'IDENTIFIER' ? `write {{${name}}}` : `write $${name}`,
      );
    else if (!right.has(name))
      report(place, `the parameter ${name} is used nowhere`, 'name it in the SQL, or leave it out');
  }
}

interface Giving {
  readonly audit: string;
  /** Path relative to the project. */
  readonly file: string;
  readonly parameters: readonly AuditParameter[];
  readonly given: unknown;
  /** Path of the map in the header. */
  readonly path: Path;
  readonly placeOf: (path: Path) => TextPosition;
  readonly report: ReportProblem;
}

/** The values that a header gives; undefined, and reported, if one is missing, unknown or of another type. */
export function argumentsOf(giving: Giving): AuditArguments | undefined {
  const { audit, file, parameters, path, placeOf, report } = giving;
  const given = giving.given ?? {};
  const declares =
    parameters.length === 0 ? `${file} declares none` : `${file} declares ${signatureOf(parameters)}`;
  if (!isMap(given)) {
    report(placeOf(path), `${audit} must be a map of its parameters, found ${foundType(given)}`, declares);
    return undefined;
  }
  let isWhole = true;
  const problem = (at: Path, message: string, hint: string): void => {
    isWhole = false;
    report(placeOf(at), message, hint);
  };
  const names = parameters.map(({ name }) => name);
  for (const name of Object.keys(given))
    if (!names.includes(name))
      problem(
        [...path, name],
        `${audit} has no parameter ${name}`,
        names.length === 0 ? declares : didYouMean(name, names, 'parameters'),
      );
  const missing = names.filter((name) => !Object.hasOwn(given, name));
  if (missing.length > 0) problem(path, `${audit} needs a value for ${missing.join(', ')}`, declares);
  const identifiers: Record<string, readonly string[]> = {};
  const values: Record<string, TypedValue> = {};
  for (const parameter of parameters) {
    const { name, type, isList } = parameter;
    if (missing.includes(name)) continue;
    const items = isList ? given[name] : [given[name]];
    const { what, read: readItem }: TypeOf = TYPES[type];
    const read = Array.isArray(items) ? items.map((item) => readItem(item)) : [undefined];
    if (read.includes(undefined) || (type === 'IDENTIFIER' && read.length === 0)) {
      const at = Array.isArray(items) && isList ? [...path, name, read.indexOf(undefined)] : [...path, name];
      problem(at, `${name} of ${audit} must be ${isList ? `a list, each ${what}` : what}`, declares);
    } else if (type === 'IDENTIFIER') identifiers[name] = read as string[];
    else {
      const list = read as Item[];
      values[name] = isList ? { type: `${type}[]`, value: list } : { type, value: list[0] as Item };
    }
  }
  return isWhole ? { identifiers, values } : undefined;
}
