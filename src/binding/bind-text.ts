/**
 * Binds a text of the project inside a statement of the engine, and reports every fault in it. Text ->
 * columns, and faults at their places. From then on a missing column counts as NULL, so that the next fault
 * shows as well.
 */
import type { Binder, BoundColumn, TextFault } from '../engine/index.ts';
import { nearestName } from '../project/did-you-mean.ts';
import { type Edit, type EditedText, edited, unitsOfBytes } from './edited-text.ts';
import { type KnownValues, valuesPutIn } from './known-values.ts';

/** Something wrong in a text, in words for people. */
export interface BindingFault {
  readonly message: string;
  /** DuckDB's message, on one line. */
  readonly complaint: string;
  readonly hint: string | undefined;
  /** UTF-16 units from the beginning of the text; undefined if DuckDB names no place. */
  readonly offset: number | undefined;
  /** The name of a missing column. */
  readonly missing?: string;
  /** The name of a missing table. */
  readonly table?: string;
  /** Set if the code is not that of a text that does not bind. */
  readonly code?: 'previous-column';
}

export interface BoundText {
  /** Undefined if something is wrong, or if they cannot be known. */
  readonly columns?: readonly BoundColumn[];
  readonly faults: readonly BindingFault[];
  /**
   * Why it cannot be judged without the warehouse: it reads a table or file besides its sources, or needs an
   * extension. Such a text may be right.
   */
  readonly unjudged?: string;
}

export interface Surroundings {
  /** The statement around the text. */
  readonly around: (text: string) => string;
  readonly values: KnownValues;
  /** What the text reads, by names in lower case. */
  readonly relations: ReadonlyMap<string, readonly BoundColumn[]>;
}

const FAULTS_MAX = 20;

export async function bindText(
  binder: Binder,
  text: string,
  { around, values, relations }: Surroundings,
): Promise<BoundText> {
  const edits: Edit[] = valuesPutIn(text, values);
  const faults: BindingFault[] = [];
  while (faults.length < FAULTS_MAX) {
    const bindable = edited(text, edits);
    const statement = around(bindable.text);
    const bound = await binder.bind(statement);
    if (bound.fault === undefined) return faults.length > 0 ? { faults } : { columns: bound.columns, faults };
    const unparsed = bound.fault.kind === 'Parser' ? await unparsedAlone(binder, text) : undefined;
    const fault = unparsed ?? bound.fault;
    const offset =
      unparsed?.byte === undefined ? placeOf(fault, statement, bindable) : unitsOfBytes(text, unparsed.byte);
    const name = offset === undefined ? undefined : nameAt(text, offset);
    const unjudged = reasonNotToJudge(fault, name);
    if (unjudged !== undefined) return { faults, unjudged };
    const missing = missingColumn(fault);
    // An error that follows from a column that was replaced by NULL is no fault of the text.
    if (faults.length > 0 && missing === undefined) return { faults };
    const named = missing === undefined ? {} : { missing: missing.column };
    faults.push({ ...described(fault, relations), complaint: complaintIn(fault), offset, ...named });
    const isAgain = edits.some((edit) => edit.from === offset);
    if (offset === undefined || name === undefined || missing === undefined || isAgain) return { faults };
    edits.push({ from: offset, to: offset + name.length, by: 'null' });
  }
  return { faults };
}

/** To DuckDB a relation without rows is a list of values; to the reader of the SQL it is a table. */
const complaintIn = ({ kind, message }: TextFault): string =>
  `${kind} Error: ${message
    .replace(/^Values list/, 'Table')
    .replaceAll(/\s*\n\s*/g, ' ')
    .trim()}`;

/**
 * What the parser says of the text by itself: inside the statement it may complain only further on, at the
 * end of the statement for example. Undefined if the text parses alone.
 */
const unparsedAlone = async (binder: Binder, text: string): Promise<TextFault | undefined> =>
  (await binder.parse([text]))[0]?.fault;

/** The user's text comes last in the statement. */
function placeOf({ byte }: TextFault, statement: string, { text, before }: EditedText): number | undefined {
  const start = statement.lastIndexOf(text);
  const at = byte === undefined ? -1 : unitsOfBytes(statement, byte) - start;
  return start >= 0 && at >= 0 && at <= text.length ? before(at) : undefined;
}

const NAME =
  /(?:"(?:[^"]|"")*"|[\p{L}_][\p{L}\p{N}_$]*)(?:\s*\.\s*(?:"(?:[^"]|"")*"|[\p{L}_][\p{L}\p{N}_$]*))*/uy;

function nameAt(text: string, offset: number): string | undefined {
  NAME.lastIndex = offset;
  return NAME.exec(text)?.[0];
}

/** Names have no quotes. */
interface MissingColumn {
  readonly column: string;
  readonly relation?: string;
}

function missingColumn({ message, name, subtype }: TextFault): MissingColumn | undefined {
  if (subtype === 'COLUMN_NOT_FOUND' && name !== undefined) return { column: name };
  const [, relation, ofRelation] =
    /^(?:Values list|Table) "(.+)" does not have a column named "(.+)"/.exec(message) ?? [];
  if (relation !== undefined && ofRelation !== undefined) return { column: ofRelation, relation };
  const alone =
    /^Referenced column "?(.+?)"? not found in FROM clause/.exec(message)?.[1] ??
    /^Column "(.+)" does not exist on (?:left|right) side of join/.exec(message)?.[1] ??
    /^Column "(.+)" in (?:EXCLUDE|REPLACE|RENAME) list not found/.exec(message)?.[1];
  return alone === undefined ? undefined : { column: alone };
}

/**
 * Why another engine over the warehouse might accept what this one does not. `name`: as it is in the text.
 */
function reasonNotToJudge({ kind, message, entry }: TextFault, name: string | undefined): string | undefined {
  if (/ it exists in the \w+ extension/.test(message)) return 'it needs an extension of DuckDB';
  if (kind === 'Permission' || kind === 'IO' || kind === 'HTTP') return 'it reads files';
  const isTable = entry === 'Table' || /^Table with name .* does not exist/.test(message);
  return isTable && (name === undefined || name.includes('.'))
    ? 'it names a table of the warehouse'
    : undefined;
}

type Described = Pick<BindingFault, 'message' | 'hint' | 'table'>;

function described(fault: TextFault, relations: Surroundings['relations']): Described {
  const missing = missingColumn(fault);
  if (missing !== undefined) return withoutColumn(fault, missing, relations);
  const { candidates, entry, name } = fault;
  if (entry === 'Table' && name !== undefined)
    return {
      table: name,
      message: `there is no table ${name}`,
      hint: `the sources are ${[...relations.keys()].join(', ')}`,
    };
  if (entry !== undefined && name !== undefined)
    return { message: `there is no ${entry.toLowerCase()} ${name}`, hint: meant(candidates[0]) };
  const [first = ''] = fault.message.split('\n');
  const [sentence = first] = /^.*?[.!](?=\s|$)/.exec(first) ?? [];
  return {
    message: sentence.replace(/[.!]$/, ''),
    hint: fault.subtype === 'NO_MATCHING_FUNCTION' ? fits(candidates) : restOf(fault.message, sentence),
  };
}

function withoutColumn(
  { candidates }: TextFault,
  { column, relation }: MissingColumn,
  relations: Surroundings['relations'],
): Described {
  const known = relation === undefined ? undefined : relations.get(relation.toLowerCase());
  const names = (known ?? [...relations.values()].flat()).map((each) => each.name);
  const nearest = nearestName(column, names) ?? candidates[0];
  const listed =
    relation !== undefined && known !== undefined
      ? `the columns of ${relation} are ${names.join(', ')}`
      : undefined;
  return {
    message: relation === undefined ? `there is no column ${column}` : `${relation} has no column ${column}`,
    hint: meant(nearest) ?? listed,
  };
}

const meant = (name: string | undefined): string | undefined =>
  name === undefined ? undefined : `did you mean ${name.trim()}?`;

const SHOWN_MAX = 6;
const fits = (candidates: readonly string[]): string =>
  candidates.length === 0 || candidates.length > SHOWN_MAX
    ? 'cast its arguments to types that it takes'
    : `it is ${candidates.join('; or ')}: cast its arguments`;

/** What DuckDB says after its first sentence, on one line. */
function restOf(message: string, sentence: string): string | undefined {
  const rest = message.slice(sentence.length).replaceAll(/\s+/g, ' ').trim();
  return rest === '' ? undefined : rest;
}
